package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// text is a piece of English: a comment, a literal, a page.
type text struct {
	file  string
	line  int
	words string
}

// outside are folders and files that are recorded, or generated from what is checked.
var outside = regexp.MustCompile(`(^|/)(\.git|bin|testdata|runs|results/runs|docs/reference|docs/cli\.md|CHANGELOG\.md|tools/words)($|/)`)

// gather reads the texts below dir.
func gather(dir string) ([]text, error) {
	var texts []text
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if outside.MatchString(filepath.ToSlash(path)) {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		more, err := read(path)
		texts = append(texts, more...)
		return err
	})
	return texts, err
}

func read(path string) ([]text, error) {
	ext := filepath.Ext(path)
	switch {
	case ext == ".go":
		return readGo(path)
	case ext == ".md":
		return readPage(path, func(s string) string { return code.ReplaceAllStringFunc(s, blank) })
	case ext == ".yaml", ext == ".yml", strings.HasSuffix(path, ".tmpl.html"), filepath.Base(path) == "Makefile", filepath.Base(path) == "setup":
		return readPage(path, func(s string) string { return s })
	}
	return nil, nil
}

// code are blocks and words of code in Markdown.
var code = regexp.MustCompile("(?ms)^```.*?^```|(?m)^    .*$|`[^`\n]*`")

// blank keeps the lines of what it removes.
func blank(s string) string { return strings.Repeat("\n", strings.Count(s, "\n")) }

func readPage(path string, clean func(string) string) ([]text, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return []text{{path, 1, clean(string(raw))}}, nil
}

// readGo gives each comment, without its slashes, and each literal that is neither an
// import nor a tag.
func readGo(path string) ([]text, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var texts []text
	for _, c := range f.Comments {
		texts = append(texts, text{path, fset.Position(c.Pos()).Line, c.Text()})
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil // not a text
		case *ast.BasicLit:
			if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				texts = append(texts, text{path, fset.Position(n.Pos()).Line, s})
			}
		}
		return true
	})
	return texts, nil
}
