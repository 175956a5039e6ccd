package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
)

var update = flag.Bool("update", false, "write the table into docs/found.md")

const page = "../../docs/found.md"

// reference is how an issue is named: OWNER/NAME#NUMBER.
var reference = regexp.MustCompile(`^(redis|valkey-io)/[a-z-]+#[1-9][0-9]*$`)

func all(t *testing.T) []issue {
	t.Helper()
	list, err := readIssues()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestIssuesAreWhole(t *testing.T) {
	list := all(t)
	if len(list) < 12 {
		t.Errorf("%d issues", len(list))
	}
	seen := map[string]bool{"issues.yaml": true}
	for _, i := range list {
		if !reference.MatchString(i.Issue) || seen[i.Issue] {
			t.Errorf("%q is no reference to an issue, or occurs twice", i.Issue)
		}
		seen[i.Issue] = true
		if i.About == "" || i.Red.With == "" || i.Green.With == "" || i.Misses == "" && i.Finding == "" || len(i.Green.all()) == 0 {
			t.Errorf("%s lacks a text, or what shows it", i.Issue)
		}
		name := i.Scenario
		if file, ok := i.own(); ok {
			name, seen[file] = file, true
		}
		for _, s := range []side{i.Red, i.Green} {
			if _, _, err := scenarios.Expand(name, append(append([]string{}, i.Set...), s.Set...)...); err != nil {
				t.Errorf("%s, %s: %v", i.Issue, s.With, err)
			}
		}
	}
	scenarioFiles, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range scenarioFiles {
		if !seen[f] {
			t.Errorf("no issue uses %s", f)
		}
	}
}

func TestThePageShowsTheIssues(t *testing.T) {
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want, err := replace(string(raw), table(all(t)))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(raw) {
		t.Errorf("%s is stale: run 'go test ./e2e/found -update'", page)
	}
	if _, err := replace("no table", ""); err == nil {
		t.Error("a page without a place for the table is accepted")
	}
}

func TestCommandLinesAreQuoted(t *testing.T) {
	i := issue{Issue: "redis/redis#1", Scenario: "empty-primary", Set: []string{"objectives[0]={metric: failovers, max: 0}"}, Red: side{Set: []string{"redis.shards=5"}}, Green: side{With: "Valkey 9.1", Server: "valkey-9.1", Seen: "none"}}
	if got := table([]issue{i}); !strings.Contains(got, "`slotstorm run empty-primary --set 'objectives[0]={metric: failovers, max: 0}' --set redis.shards=5`") ||
		!strings.Contains(got, "Valkey 9.1: none; add `--set redis.binary=$SERVERS/valkey-9.1/valkey-server`") || !strings.Contains(got, "[redis/redis#1](https://github.com/redis/redis/issues/1)") {
		t.Error(got)
	}
}

// ended is the outcome of a run with one objective and one finding.
func ended(verdict, metric, result, rule string) *outcome {
	o := &outcome{Verdict: verdict}
	if metric != "" {
		o.Objectives = append(o.Objectives, struct {
			Metric string `json:"metric"`
			Shown  string `json:"shown"`
			Result string `json:"result"`
		}{metric, "1", result})
	}
	if rule != "" {
		o.Findings = append(o.Findings, struct {
			Rule string `json:"rule"`
		}{rule})
	}
	return o
}

func TestRedAndGreen(t *testing.T) {
	both := issue{Misses: "writes.lost", Finding: "split-brain"}
	finding := issue{Finding: "split-brain"}
	tests := []struct {
		name       string
		issue      issue
		outcome    *outcome
		red, green bool
	}{
		{"missed, with the finding", both, ended("fail", "writes.lost", "fail", "split-brain"), true, false},
		{"missed, without the finding", both, ended("fail", "writes.lost", "fail", ""), false, false},
		{"another objective missed", both, ended("fail", "outage.any", "fail", "split-brain"), false, false},
		{"inconclusive", both, ended("inconclusive", "writes.lost", "fail", "split-brain"), false, false},
		{"passed", both, ended("pass", "writes.lost", "pass", ""), false, true},
		{"passed with the finding", both, ended("pass", "writes.lost", "pass", "split-brain"), false, false},
		{"only the finding decides", finding, ended("pass", "", "", "split-brain"), true, false},
		{"no finding", finding, ended("pass", "", "", ""), false, true},
	}
	for _, tt := range tests {
		if why := tt.issue.notRed(tt.outcome); (why == "") != tt.red {
			t.Errorf("%s: red: %q", tt.name, why)
		}
		if why := tt.issue.notGreen(tt.outcome); (why == "") != tt.green {
			t.Errorf("%s: green: %q", tt.name, why)
		}
	}
}

func TestTheTableSaysWhatWasSeen(t *testing.T) {
	good, bad := answer{issue: issue{Issue: "redis/redis#1"}, red: 2, green: 2}, answer{issue: issue{Issue: "redis/redis#2"}, red: 2, green: 1}
	skipped := answer{issue: issue{Issue: "redis/redis#3"}, skipped: "no valkey-9.1 in the folder of servers"}
	var b bytes.Buffer
	if err := report(&b, []answer{good, skipped}, 2); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"| redis/redis#1 | red 2 of 2 | green 2 of 2 | 0s |", "| redis/redis#3 | skipped | skipped | no valkey-9.1", "1 of 2 issues as stated, 1 skipped"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
	if err := report(&b, []answer{good, bad}, 2); !errors.Is(err, errNotAsStated) {
		t.Errorf("an issue that was green once of twice: %v", err)
	}
}

func TestServersAreFound(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin)
	onPath, inFolder := filepath.Join(bin, "redis-server"), filepath.Join(dir, "redis-7.0", "redis-server")
	for _, f := range []string{onPath, inFolder} {
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ servers, server, want string }{
		{"", "", onPath}, {dir, "", inFolder}, {t.TempDir(), "", onPath}, {dir, "redis-7.0", inFolder}, {dir, "valkey-9.1", ""}, {"", "redis-7.0", ""},
	}
	for _, tt := range tests {
		if got, err := (config{servers: tt.servers}).binary(tt.server); got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%+v: %q, %v", tt, got, err)
		}
	}
}

// A slotstorm that answers with the exit code of a failed run, and one that says nothing.
func TestOneRun(t *testing.T) {
	i := all(t)[0]
	for _, tt := range []struct {
		script string
		ok     bool
	}{
		{`#!/bin/sh
echo '{"summary": {"verdict": "fail", "objectives": [{"metric": "writes.lost", "shown": "374", "result": "fail"}], "findings": [{"rule": "empty-restart"}]}}'
exit 4
`, true},
		{"#!/bin/sh\necho 'the scenario is wrong' >&2\nexit 2\n", false},
	} {
		program := filepath.Join(t.TempDir(), "slotstorm")
		if err := os.WriteFile(program, []byte(tt.script), 0o755); err != nil {
			t.Fatal(err)
		}
		var progress bytes.Buffer
		c := config{slotstorm: program, root: t.TempDir(), progress: &progress}
		o, err := c.once(t.Context(), i, i.Red, "redis-server", 0)
		switch {
		case !tt.ok && (err == nil || !strings.Contains(err.Error(), "the scenario is wrong")):
			t.Errorf("%v, %v", o, err)
		case tt.ok && (err != nil || i.notRed(o) != "" || i.notGreen(o) == ""):
			t.Errorf("%v, %v", o, err)
		}
	}
}

// A run that is invalid twice is made a third time, and one that is always invalid no more.
func TestInvalidRunsAreRepeated(t *testing.T) {
	i := all(t)[0]
	for _, tt := range []struct {
		invalid int
		want    string
	}{{0, "pass"}, {2, "pass"}, {9, "invalid"}} {
		dir := t.TempDir()
		program, count := filepath.Join(dir, "slotstorm"), filepath.Join(dir, "count")
		script := fmt.Sprintf(`#!/bin/sh
echo run >>%s
verdict=pass
[ "$(wc -l <%[1]s)" -gt %d ] || verdict=invalid
echo "{\"summary\": {\"verdict\": \"$verdict\"}}"
`, count, tt.invalid)
		if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		c := config{slotstorm: program, root: dir, progress: io.Discard}
		o, err := c.valid(t.Context(), i, i.Green, "redis-server", 0)
		if err != nil || o.Verdict != tt.want {
			t.Errorf("%d invalid: %v, %v", tt.invalid, o, err)
		}
		if raw, err := os.ReadFile(count); err != nil || bytes.Count(raw, []byte("\n")) != min(tt.invalid+1, attempts) {
			t.Errorf("%d invalid: %q, %v", tt.invalid, raw, err)
		}
	}
}
