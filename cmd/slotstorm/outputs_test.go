package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// TestRunOutputs: one run, every format, each where it was asked for.
func TestRunOutputs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	steadyRuns(t, b, nil)
	dir := t.TempDir()
	args := []string{"run", "steady", "--out", filepath.Join(dir, "runs")}
	for _, format := range []string{"markdown", "summary", "json", "junit", "html", "openmetrics", "text"} {
		args = append(args, "--out", format+"="+filepath.Join(dir, format))
	}
	if code, stdout, stderr := b.do(args...); code != exitOK || !strings.Contains(stdout, "PASS") {
		t.Fatalf("%d %s %s", code, stdout, stderr)
	}
	for format, part := range map[string]string{
		"markdown": "# ✓ PASS: steady", "summary": "### ✓ PASS: steady", "json": `"verdict": "pass"`, "junit": "<testsuite ",
		"html": "<!doctype html>", "openmetrics": "# EOF", "text": "✓ PASS  steady",
	} {
		text, err := os.ReadFile(filepath.Join(dir, format))
		if err != nil {
			t.Fatal(err)
		}
		contains(t, string(text), part)
	}
}

// TestManyRunsInOneFile: a summary is added to, standard output holds the JSON
// alone, and what holds a single run is refused before anything is run.
func TestManyRunsInOneFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked := steadyRuns(t, b, nil)
	dir := t.TempDir()
	summary, cases := filepath.Join(dir, "summary.md"), filepath.Join(dir, "junit.xml")
	for range 2 {
		code, stdout, stderr := b.do("run", "steady", "--repeat", "2", "--out", dir, "--out", "json=-", "--out", "summary="+summary, "--out", "junit="+cases)
		var rows []outcome
		if err := json.Unmarshal([]byte(stdout), &rows); err != nil || code != exitOK || len(rows) != 2 || rows[1].Verdict != results.Pass {
			t.Fatalf("%d, %v: %s%s", code, err, stdout, stderr)
		}
	}
	text, err := os.ReadFile(summary)
	if err != nil || strings.Count(string(text), "### ✓ PASS: steady") != 4 {
		t.Errorf("%v: %s", err, text)
	}
	if suites, err := os.ReadFile(cases); err != nil || strings.Count(string(suites), "<testsuite ") != 2 {
		t.Errorf("%v: %s", err, suites)
	}
	before := len(*asked)
	code, _, stderr := b.do("run", "steady", "--repeat", "2", "--out", "html=page.html")
	if code != exitInvalid || len(*asked) != before {
		t.Errorf("a page of two runs: %d", code)
	}
	contains(t, stderr, "slotstorm run writes json, junit, summary, openmetrics")
	code, stdout, _ := do(t, "report", "*", "--out", dir)
	if code != exitError || stdout != "" {
		t.Errorf("report of a pattern gives %d", code)
	}
}

// TestOutIsCheckedFirst: a result that cannot be written ends the command before its work.
func TestOutIsCheckedFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, existing := filepath.Join(dir, "file"), filepath.Join(dir, "summary.md")
	if err := errors.Join(os.WriteFile(file, nil, 0o644), os.WriteFile(existing, []byte("before\n"), 0o644), os.Symlink(file, filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	b := newBench(t) // a run would be an error
	for target, says := range map[string]string{
		"json=" + filepath.Join(dir, "nope", "x"): "the folder " + filepath.Join(dir, "nope") + " does not exist",
		"json=" + filepath.Join(file, "x"):        "not a directory",
		"json=" + dir:                             "is a folder",
		"summary=" + filepath.Join(dir, "link"):   "is a link",
	} {
		code, _, stderr := b.do("run", "steady", "--out", target)
		if code != exitInvalid {
			t.Errorf("%s: exit code %d", target, code)
		}
		contains(t, stderr, "--out "+target+": ", says)
	}
	endings(t, b, results.Pass)
	runs, play := filepath.Join(dir, "a", "runs"), b.play
	b.play = func(ctx context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		if err := os.MkdirAll(o.Root, 0o755); err != nil {
			t.Error(err)
		}
		return play(ctx, s, o)
	}
	if code, _, stderr := b.do("run", "steady", "--out", runs, "--out", "json="+filepath.Join(runs, "last.json"), "--out", "summary="+existing); code != exitOK {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if text, err := os.ReadFile(existing); err != nil || !strings.HasPrefix(string(text), "before\n#") {
		t.Errorf("%v: the summary is %q", err, text)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("%v: %v is left", err, left)
	}
}

// TestBaselineOfARun: the runner is given what earlier runs measured.
func TestBaselineOfARun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	steadyRuns(t, b, nil)
	dir := t.TempDir()
	relative := []string{"--out", dir, "--set", "objectives=[{metric: response.p50, max: baseline+20%}]"}
	code, _, stderr := b.do(append([]string{"run", "steady"}, relative...)...)
	if code != exitOK {
		t.Errorf("exit code %d", code)
	}
	contains(t, stderr, "name one with --baseline RUN")
	asked := endings(t, b, results.Pass)
	if code, _, stderr := b.do(append([]string{"run", "steady", "--baseline", "latest"}, relative...)...); code != exitOK {
		t.Fatalf("%d %s", code, stderr)
	}
	base := (*asked)[0].Baseline
	if base == nil || len(base.Runs) != 1 || base.Values["response.p50"].Value < 300e-6 {
		t.Errorf("the runner was given %+v", base)
	}
	for _, tt := range []struct{ typed, says string }{
		{"run steady --baseline latest", "has none"},
		{"run steady --baseline nowhere --set objectives=[{metric:_response.p50,_max:_baseline}]", `no run "nowhere"`},
	} {
		args := strings.Fields(tt.typed)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "_", " ")
		}
		_, _, stderr := b.do(append(args, "--out", dir)...)
		contains(t, stderr, tt.says)
	}
	// Judged again beside a run that was as fast.
	code, stdout, stderr := do(t, "report", "latest", "--out", dir, "--baseline", "latest", "--format", "text")
	if code != exitOK {
		t.Fatalf("%d %s", code, stderr)
	}
	contains(t, stdout, "≤ baseline+20%", "✓ pass")
}

// TestJSONIsNotIgnored: a verb without JSON refuses the flag, and its help does not list it.
func TestJSONIsNotIgnored(t *testing.T) {
	t.Parallel()
	for typed, says := range map[string]string{
		"manifests steady --cluster kind": "slotstorm manifests prints YAML: it cannot be combined with --json",
		"completion bash":                 "slotstorm completion prints a script",
		"help run":                        "slotstorm help prints text",
		"image":                           "slotstorm image prints an archive",
		"ui":                              "slotstorm ui prints addresses",
	} {
		args := strings.Fields(typed)
		code, stdout, stderr := do(t, append(args, "--json")...)
		if code != exitInvalid || stdout != "" {
			t.Errorf("%s: exit code %d, prints %.100s", typed, code, stdout)
		}
		contains(t, stderr, says)
		if _, stdout, _ := do(t, args[0], "--help"); strings.Contains(stdout, "print the result as JSON") {
			t.Errorf("the help of %s lists --json", args[0])
		}
	}
	if code, stdout, _ := do(t, "run", "--json", "--help"); code != exitOK || !strings.Contains(stdout, "--json") {
		t.Errorf("the help of run: exit code %d", code)
	}
}
