package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// mistakes are command lines as people mistype them, a list for each kind. Words are
// separated by spaces; quotes hold a word together.
type mistakes struct {
	Kind  string
	Lines []string
}

// TestMistakes: each mistake has one clear answer, before anything runs. The golden file
// shows them all, to be read as a user would.
func TestMistakes(t *testing.T) {
	text, err := os.ReadFile("testdata/mistakes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []mistakes
	if err := yaml.Unmarshal(text, &kinds); err != nil {
		t.Fatal(err)
	}
	into, err := filepath.Abs("testdata/mistakes.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Mkdir("folder", 0o755); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	count := 0
	for _, k := range kinds {
		fmt.Fprintf(&all, "# %s\n\n", k.Kind)
		for _, line := range k.Lines {
			count++
			code, stdout, stderr := do(t, wordsOf(line)...)
			if code == exitOK {
				t.Errorf("%s is no mistake: %s", line, stdout)
			}
			fmt.Fprintf(&all, "$ slotstorm %s\n%s%s[exit code %d]\n\n", line, stdout, stderr, code)
		}
	}
	if count < 80 {
		t.Errorf("only %d mistakes are tried", count)
	}
	if left, err := filepath.Glob("*"); err != nil || len(left) != 1 {
		t.Errorf("mistakes left %v behind, %v", left, err)
	}
	golden(t, into, all.String())
}

// wordsOf splits a line into words as a shell does, with single quotes only.
func wordsOf(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words[len(words)-1] += part
			continue
		}
		fields := strings.Fields(part)
		if strings.HasSuffix(part, " ") || part == "" {
			fields = append(fields, "")
		}
		if i > 0 && !strings.HasPrefix(part, " ") && len(fields) > 0 {
			words[len(words)-1] += fields[0]
			fields = fields[1:]
		}
		words = append(words, fields...)
	}
	if n := len(words); n > 0 && words[n-1] == "" {
		words = words[:n-1]
	}
	return words
}
