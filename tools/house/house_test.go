package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// files are a module with one of each finding.
var files = map[string]string{
	"go.mod":      "module m\n\ngo 1.26.0\n",
	"a/low.go":    "package a\n\nfunc Low() { high() }\n",
	"a/high.go":   "package a\n\nfunc high() { Low() }\n",
	"b/b.go":      "package b\n\nimport other \"m/a\"\n\nfunc B() { go other.Low() }\n",
	"b/b_test.go": "package b\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) { t.Parallel() }\n",
	"c/a/a.go":    "package a\n\nfunc Many(a, b, c, d, e, f int) {}\n\nfunc Long() {\n" + strings.Repeat("\tprintln()\n", 60) + "}\n",
}

func TestEveryFindingIsReported(t *testing.T) {
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax, Dir: dir, Tests: true}, "./...")
	if err != nil || packages.PrintErrors(list) > 0 {
		t.Fatal(err)
	}
	r := &report{root: dir, seen: map[string]bool{}}
	check(r, list, map[string]bool{}, map[string]bool{"m/b": true})
	var got []string
	for _, f := range r.lines {
		text, _, _ := strings.Cut(f.text, ",")
		got = append(got, f.file+": "+text)
	}
	slices.Sort(got)
	want := []string{
		"a/high.go: uses Low of low.go",
		"a/low.go: uses high of high.go",
		"b/b.go: imports \"m/a\" as other",
		"b/b.go: starts a goroutine",
		"b/b_test.go: calls Parallel",
		"c/a/a.go: 6 parameters",
		"c/a/a.go: Long has 62 lines",
		"c/a: package a has the name of m/a",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
