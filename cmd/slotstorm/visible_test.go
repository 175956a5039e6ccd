package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/results"
)

// hostile has everything that acts on a terminal: a title, a colour, the direction of
// writing, an overwritten line, C1, and invisible characters.
const hostile = "\x1b]0;owned\a\x1b[32mok\u202egnp\rx\u009b2J\x7f\u200b\U000e0041"

// calm fails unless text shows by itself what it is.
func calm(t *testing.T, what, text string) {
	t.Helper()
	for i, r := range text {
		if r != '\n' && r != '\t' && !printable.Visible(r) || r == utf8.RuneError {
			t.Errorf("%s: %q at %d in\n%q", what, r, i, text)
			return
		}
	}
}

func TestNothingHostileIsPrinted(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "run-1", func(r *results.Run) {
		r.Name, r.Command, r.Interrupted = "n"+hostile, "slotstorm run "+hostile, "i"+hostile
		r.Nodes = []results.Node{{Name: "node" + hostile, Addr: hostile}}
		r.Faults = []results.Fault{{Name: hostile, Status: results.StatusUnhealed, Reason: hostile}}
	})
	broken := filepath.Join(root, "run-2"+strings.ReplaceAll(hostile, "/", "")+"\nPASS")
	if err := os.MkdirAll(broken, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, results.RunFile), []byte(hostile), 0o644); err != nil {
		t.Fatal(err)
	}
	scenario := file(t, "hostile.yaml", fmt.Sprintf("apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: x, description: \"a \u202e b\u200b\", %q: 1}\n# \u202e\nseed: [\"\u202e\"]\n", hostile))
	good := file(t, "good.yaml", "apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: x, description: \"a \u202e b\\x7f\"}\nredis: {}\ntimeline: {phases: [{name: a, duration: 1s}]}\nworkload: {rate: 10}\n")
	for _, words := range [][]string{
		{"list"}, {"report", "run-1"}, {"report", "run-1", "--format", "jsonl"}, {"audit", "run-1"}, {"trend"}, {"compare", "run-1", "run-1"}, {"prune", "--keep", "1", "--dry-run"}, {"recover", "run-1"},
		{"report", "none" + hostile}, {"report", broken}, {"list", hostile}, {hostile}, {"run", hostile}, {"run", "steady", "--" + hostile},
		{"validate", scenario, good, "missing" + hostile}, {"inspect", scenario}, {"inspect", good}, {"validate", "steady", "--set", "metadata.name=" + hostile},
		{"validate", "steady", "--set", hostile + "=1"}, {"validate", "steady", "--set", "seed=\u202e"}, {"run", "steady", "--out", "x" + hostile + "=y"},
		{"load", errorServer(t), "--requests", "1"}, {"load", errorServer(t), "--requests", "1", "--client", "go-redis", "--clients", "1"}, {"load", hostile},
		{"load", "--tls", "--tls-ca", hostile}, {"help", hostile},
	} {
		for _, more := range [][]string{nil, {"--json"}} {
			args := append(append([]string{"--out", root}, more...), words...)
			_, stdout, stderr := do(t, args...)
			calm(t, fmt.Sprintf("%.60q, standard output", args), stdout)
			calm(t, fmt.Sprintf("%.60q, standard error", args), stderr)
			for line := range strings.Lines(stderr) {
				if strings.HasPrefix(line, "PASS") {
					t.Errorf("%q: a line of its own:\n%s", args, stderr)
				}
			}
		}
	}
}

// TestEscapedOutputReadsBack: what programs read means what it meant.
func TestEscapedOutputReadsBack(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := writeJSON(&b, []string{hostile, "\u202e", "größe 時間 😀"}); err != nil {
		t.Fatal(err)
	}
	calm(t, "JSON", b.String())
	var got []string
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil || got[0] != hostile || got[2] != "größe 時間 😀" {
		t.Errorf("%q, %v", got, err)
	}
	good := file(t, "good.yaml", "apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: x, description: \"a \u202e b\"}\ntimeline: {phases: [{name: a, duration: 1s}]}\n")
	_, stdout, _ := do(t, "inspect", good)
	var s struct {
		Metadata struct{ Description string }
	}
	if err := yaml.Unmarshal([]byte(stdout), &s); err != nil || s.Metadata.Description != "a \u202e b" {
		t.Errorf("%q, %v in\n%s", s.Metadata.Description, err, stdout)
	}
}

// TestOwnColoursStay, and no other sequence beside them.
func TestOwnColoursStay(t *testing.T) {
	t.Parallel()
	text := console.Paint(true, console.Green, "ok") + " " + hostile + console.Paint(true, console.Red, "no")
	got := console.Shown(text, true)
	if !strings.HasPrefix(got, console.Paint(true, console.Green, "ok")) || !strings.HasSuffix(got, console.Paint(true, console.Red, "no")) || strings.ContainsAny(got, "\a\r\x7f\u202e") {
		t.Errorf("%q", got)
	}
	calm(t, "without colour", console.Shown(text, false))
}

// TestProgressIsCalm: messages hold what servers and binaries say.
func TestProgressIsCalm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.err.Color = true
	since := func() time.Duration { return 0 }
	o := runner.Progress{Message: hostile, Stage: hostile, Fault: hostile, Total: 1}
	for _, p := range []progress{&plain{w: b.err, since: since}, &live{w: b.err, since: since, width: func() int { return 300 }, messages: true}} {
		p.Observe(o)
		o.Message = ""
		p.Observe(o)
	}
	calm(t, "progress", strings.ReplaceAll(b.stderr.String(), console.EraseLine, ""))
}
