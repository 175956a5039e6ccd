package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/scenarios"
)

// commandsIn are the slotstorm command lines in the texts of a YAML document.
func commandsIn(n *yaml.Node) []string {
	var list []string
	if n.Kind == yaml.ScalarNode {
		for line := range strings.Lines(n.Value) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "slotstorm ") {
				list = append(list, line)
			}
		}
	}
	for _, c := range n.Content {
		list = append(list, commandsIn(c)...)
	}
	return list
}

// TestExamplesAreUpToDate reads every example: scenarios are valid, and the
// commands in workflows have verbs, flags and formats that exist.
func TestExamplesAreUpToDate(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/*/*.y*ml")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	commands := 0
	for _, file := range files {
		if filepath.Base(file) == "scenario.yaml" {
			if _, err := scenarios.Load(file); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		documents := yaml.NewDecoder(bytes.NewReader(text))
		for {
			var doc yaml.Node
			err := documents.Decode(&doc)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			var object struct {
				Kind string            `yaml:"kind"`
				Data map[string]string `yaml:"data"`
			}
			if doc.Decode(&object) == nil && object.Kind == "ConfigMap" {
				if _, err := scenarios.Parse(file, []byte(object.Data["scenario.yaml"])); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
			for _, line := range commandsIn(&doc) {
				commands++
				checkCommand(t, file, line)
			}
		}
	}
	if commands < 8 {
		t.Errorf("only %d commands were found", commands)
	}
}

// variable is what a shell replaces: a variable, or the output of a command.
var variable = regexp.MustCompile(`\$\([^)]*\)|\$\w+`)

// checkCommand fails unless verb, flags and formats of a command line exist.
func checkCommand(t *testing.T, file, line string) {
	t.Helper()
	line = variable.ReplaceAllString(line, "1")
	w, err := arrange(newBench(t).application(), strings.Fields(strings.ReplaceAll(line, `"`, ""))[1:])
	if err != nil || w.verb == "" {
		t.Errorf("%s: %s: %v", file, line, err)
		return
	}
	var out []string
	for _, word := range append(w.global, w.local...) {
		if v, ok := strings.CutPrefix(word, "--out="); ok {
			out = append(out, v)
		}
	}
	if _, _, err := parseOut(out); err != nil {
		t.Errorf("%s: %s: %v", file, line, err)
	}
}

// TestReferenceNights: the step that was planted in the real runs of the example
// is found at the very night, in the figure that it is in, and nothing is found
// in the nights before, of which there are too few.
func TestReferenceNights(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := do(t, "trend", "../../examples/nightly/runs", "--json")
	if code != exitOK {
		t.Fatalf("%d %s", code, stderr)
	}
	var list []struct {
		Runs   []struct{ ID string }
		Series []struct {
			Metric  string
			Changes []struct{ At int }
		}
	}
	if err := yaml.Unmarshal([]byte(stdout), &list); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, s := range list[0].Series {
		for _, c := range s.Changes {
			if c.At != firstSlowNight {
				t.Errorf("%s changed at night %d, the step is at %d", s.Metric, c.At, firstSlowNight)
			}
			found = found || s.Metric == "service.p50"
		}
	}
	if !found {
		t.Errorf("the step was not found in service.p50:\n%s", stdout)
	}
	dirs, err := filepath.Glob("../../examples/nightly/runs/*")
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, _ = do(t, "trend", strings.Join(dirs[:firstSlowNight], ","))
	if code != exitOK || !strings.Contains(stdout, "too few runs to find a change: 9 runs") {
		t.Errorf("the nights before give %d: %s", code, stdout)
	}
}

// firstSlowNight is the index of the first run of examples/nightly/runs in which
// each request takes 0.4 ms longer.
const firstSlowNight = 9
