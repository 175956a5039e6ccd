package main

import (
	"cmp"
	"fmt"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// report collects findings. A package and its test variant give the same ones.
type report struct {
	root  string
	seen  map[string]bool
	lines []finding
}

type finding struct {
	file string
	line int
	text string
}

func (r *report) at(p token.Position, text string) { r.add(p.Filename, p.Line, text) }

func (r *report) add(file string, line int, text string) {
	if rel, err := filepath.Rel(r.root, file); err == nil {
		file = rel
	}
	// The generated main of a test stands outside.
	if strings.HasPrefix(file, "..") {
		return
	}
	key := fmt.Sprint(file, line, text)
	if !r.seen[key] {
		r.seen[key] = true
		r.lines = append(r.lines, finding{file, line, text})
	}
}

// print writes the findings in order, and reports whether it had any.
func (r *report) print() bool {
	slices.SortFunc(r.lines, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.text, b.text))
	})
	for _, f := range r.lines {
		fmt.Printf("%s:%d: %s\n", f.file, f.line, f.text)
	}
	return len(r.lines) > 0
}
