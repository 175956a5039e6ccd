package main

import (
	"fmt"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// arrow is one file's use of definitions of another.
type arrow struct {
	first token.Position
	names []string
}

// arrows reports each use of one file by another that lies on a circle: definitions
// follow the direction of use, so that a package reads from top to bottom.
func arrows(r *report, p *packages.Package) {
	uses := map[string]map[string]*arrow{}
	for id, o := range p.TypesInfo.Uses {
		if o.Pkg() != p.Types || !o.Pos().IsValid() {
			continue
		}
		from, to := p.Fset.Position(id.Pos()), p.Fset.Position(o.Pos())
		if from.Filename == to.Filename || !topLevel(p, o.Pos()) {
			continue
		}
		if uses[from.Filename] == nil {
			uses[from.Filename] = map[string]*arrow{}
		}
		a := uses[from.Filename][to.Filename]
		if a == nil {
			a = &arrow{first: from}
			uses[from.Filename][to.Filename] = a
		}
		if from.Offset < a.first.Offset {
			a.first = from
		}
		if !slices.Contains(a.names, o.Name()) {
			a.names = append(a.names, o.Name())
		}
	}
	for from, list := range uses {
		for to, a := range list {
			if way := path(uses, to, from); way != nil {
				slices.Sort(a.names)
				r.at(a.first, fmt.Sprintf("uses %s of %s, which uses this file (%s)", strings.Join(a.names, ", "), filepath.Base(to), strings.Join(way, " → ")))
			}
		}
	}
}

// topLevel reports whether a position lies in a file of the package, unlike that of a
// method of an interface of another package.
func topLevel(p *packages.Package, at token.Pos) bool {
	for _, f := range p.Syntax {
		if f.FileStart <= at && at < f.FileEnd {
			return true
		}
	}
	return false
}

// path is the shortest way from one file to another, or nil.
func path(uses map[string]map[string]*arrow, from, to string) []string {
	before := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at == to {
			var way []string
			for ; at != ""; at = before[at] {
				way = append(way, filepath.Base(at))
			}
			slices.Reverse(way)
			return way
		}
		next := make([]string, 0, len(uses[at]))
		for f := range uses[at] {
			next = append(next, f)
		}
		slices.Sort(next)
		for _, f := range next {
			if _, ok := before[f]; !ok {
				before[f] = at
				queue = append(queue, f)
			}
		}
	}
	return nil
}
