package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"github.com/slotstorm/slotstorm/tools/lists"
)

// The bounds of a function.
const (
	maxLines  = 60
	maxParams = 5
)

// aliases reports imports under another name, except blank ones.
func aliases(r *report, fset *token.FileSet, f *ast.File) {
	for _, im := range f.Imports {
		if im.Name != nil && im.Name.Name != "_" {
			r.at(fset.Position(im.Pos()), "imports "+im.Path.Value+" as "+im.Name.Name)
		}
	}
}

// lengths reports functions that are too long or have too many parameters. It removes a
// function that may be long from allowed, so that the entries left there are needless.
func lengths(r *report, fset *token.FileSet, f *ast.File, pkg string, allowed map[string]bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		t, ok := n.(*ast.FuncType)
		if ok && t.Params.NumFields() > maxParams {
			r.at(fset.Position(t.Pos()), fmt.Sprintf("%d parameters, at most %d", t.Params.NumFields(), maxParams))
		}
		d, ok := n.(*ast.FuncDecl)
		if !ok {
			return true
		}
		from, to := fset.Position(d.Pos()).Line, fset.Position(d.End()).Line
		if lines := to - from + 1; lines > maxLines {
			name := pkg + "." + d.Name.Name
			if allowed[name] {
				delete(allowed, name)
				return true
			}
			r.at(fset.Position(d.Pos()), fmt.Sprintf("%s has %d lines, at most %d", d.Name.Name, lines, maxLines))
		}
		return true
	})
}

// readAllowed reads 'package.Function reason' lines.
func readAllowed(file string) (map[string]bool, error) {
	allowed := map[string]bool{}
	if file == "" {
		return allowed, nil
	}
	list, err := lists.Read(file)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		name, reason, _ := strings.Cut(e.Text, " ")
		if strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d: give the reason after the name", file, e.Line)
		}
		allowed[name] = true
	}
	return allowed, nil
}
