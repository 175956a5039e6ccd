package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The list is applied to comments and literals, not to names, imports and code.
func TestPlacesAreFound(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"list":           "\\b[Tt]old\\b  1  says\n(^|[.?] )What [^?.]*[.]  0  a subject\n",
		"a.go":           "package a\n\nimport _ \"told\"\n\n// Told is\n// told.\nvar told = \"was told\"\n",
		"page.md":        "# Page\n\n`told` in code. What is it? What it is.\n\n```\ntold\n```\n",
		"testdata/b.md":  "told",
		"docs/cli.md":    "told",
		"data/other.txt": "told",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := readRules(filepath.Join(dir, "list"))
	if err != nil || len(rules) != 2 || rules[0].most != 1 || rules[0].instead != "says" {
		t.Fatalf("%+v, %v", rules, err)
	}
	texts, err := gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(strings.Join(append(rules[0].find(texts), rules[1].find(texts)...), "\n"), dir+"/", "")
	want := "a.go:5: 'Told is told.'\na.go:6: 'Told is told.'\na.go:7: 'was told'\npage.md:3: '# Page in code. What is it? What it is.'"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
