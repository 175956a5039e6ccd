package main

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/packages"
)

// concurrent are packages that run the caller's functions in goroutines, or that only
// code with goroutines needs.
var concurrent = []string{"sync", "sync/atomic", "golang.org/x/sync/errgroup", "net/http/httptest"}

// unraced reports what starts or needs a goroutine in a package that the tests run
// without the race detector.
func unraced(r *report, p *packages.Package, f *ast.File) {
	at := func(n ast.Node, text string) {
		r.at(p.Fset.Position(n.Pos()), text+", but the package is listed as one without goroutines: remove its line from the list")
	}
	for _, im := range f.Imports {
		for _, path := range concurrent {
			if im.Path.Value == `"`+path+`"` {
				at(im, "imports "+path)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			at(n, "starts a goroutine")
		case *ast.SendStmt, *ast.SelectStmt, *ast.ChanType:
			at(n, "uses a channel")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				at(n, "receives from a channel")
			}
		case *ast.RangeStmt:
			if _, ok := p.TypesInfo.TypeOf(n.X).Underlying().(*types.Chan); ok {
				at(n, "receives from a channel")
			}
		case *ast.SelectorExpr:
			if n.Sel.Name == "Parallel" || n.Sel.Name == "AfterFunc" {
				at(n, "calls "+n.Sel.Name)
			}
		}
		return true
	})
}
