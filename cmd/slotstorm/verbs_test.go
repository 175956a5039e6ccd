package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	code, stdout, _ := do(t)
	if code != exitOK {
		t.Errorf("exit code %d", code)
	}
	golden(t, "testdata/help/slotstorm.txt", stdout)
	if _, again, _ := do(t, "--help"); again != stdout {
		t.Errorf("--help differs from no word at all:\n%s", again)
	}
	for _, verb := range append(verbNames(newBench(t).application()), "generate", "agent", "exit-codes") {
		code, stdout, stderr := do(t, "help", verb)
		if code != exitOK || stderr != "" {
			t.Errorf("help %s: exit code %d, %s", verb, code, stderr)
		}
		golden(t, "testdata/help/"+verb+".txt", stdout)
		if verb == "exit-codes" {
			continue
		}
		if _, again, _ := do(t, verb, "--help"); again != stdout {
			t.Errorf("%s --help differs from help %s:\n%s", verb, verb, again)
		}
	}
	if code, _, stderr := do(t, "help", "rnu"); code != exitInvalid || !strings.Contains(stderr, "did you mean run?") {
		t.Errorf("help rnu: exit code %d, %s", code, stderr)
	}
}

// TestExamplesOfHelp: the page of each verb has two examples at least, of the verb itself,
// with flags and formats that exist.
func TestExamplesOfHelp(t *testing.T) {
	t.Parallel()
	for _, v := range newBench(t).application().Commands {
		lines := strings.Split(v.UsageText, "\n")
		if !v.Hidden && len(lines) < 2 {
			t.Errorf("%s has the examples %q", v.Name, lines)
		}
		for _, line := range lines {
			if v.Hidden {
				continue
			}
			if !strings.HasPrefix(line, "slotstorm "+v.Name) {
				t.Errorf("an example of %s is %s", v.Name, line)
			}
			line, _, _ = strings.Cut(line, " > ")
			line, _, _ = strings.Cut(line, " | ")
			checkCommand(t, "the help of "+v.Name, strings.ReplaceAll(line, "'", ""))
		}
	}
}

// TestHelpIsNarrow: pages have lines of at most 100 columns, unless a word is longer.
func TestHelpIsNarrow(t *testing.T) {
	t.Parallel()
	for _, verb := range append(verbNames(newBench(t).application()), "", "exit-codes") {
		_, stdout, _ := do(t, "help", verb)
		for line := range strings.Lines(stdout) {
			if len(line) > helpWidth+1 {
				t.Errorf("help %s has a line of %d columns: %s", verb, len(line), line)
			}
		}
	}
}

// TestHelpOfOutIsOfTheVerb: --out has two uses, and a page shows those that its verb has.
func TestHelpOfOutIsOfTheVerb(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		verb         string
		runs, result bool
	}{{"run", true, true}, {"list", true, false}, {"load", false, true}, {"completion", false, false}, {"down", false, false}} {
		_, stdout, _ := do(t, "help", tt.verb)
		runs, result := strings.Contains(stdout, "--out DIR "), strings.Contains(stdout, "--out FORMAT=FILE ")
		if runs != tt.runs || result != tt.result {
			t.Errorf("%s: --out DIR %v, --out FORMAT=FILE %v\n%s", tt.verb, runs, result, stdout)
		}
	}
	// Verbs show the formats that their results have, and no other.
	_, stdout, _ := do(t, "help", "load")
	contains(t, strings.Join(strings.Fields(stdout), " "), "FORMAT: text, json, csv")
}

// TestDocs: docs/cli.md is what the program says of itself.
func TestDocs(t *testing.T) {
	t.Parallel()
	_, stdout, _ := do(t, docsVerb)
	golden(t, "../../docs/cli.md", stdout)
}

func TestNoArguments(t *testing.T) {
	t.Parallel()
	if code, _, stderr := do(t, "version", "more"); code != exitInvalid || !strings.Contains(stderr, "takes no arguments") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// file writes a scenario file.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestValidate(t *testing.T) {
	t.Parallel()
	bad := file(t, "bad.yaml", "apiVersion: slotstorm/v1\nkind: Scenario\nmetdata: {}\n")
	code, stdout, stderr := do(t, "validate", "kill-primary", bad, "steady", "missing.yaml")
	if code != exitInvalid || stdout != "ok kill-primary\nok steady\n" {
		t.Errorf("exit code %d, printed\n%s", code, stdout)
	}
	contains(t, stderr, bad+":3:1", "metadata", "missing.yaml")

	if code, stdout, stderr := do(t, "validate", "kill-primary", "-q"); code != exitOK || stdout+stderr != "" {
		t.Errorf("-q: exit code %d, printed %q and %q", code, stdout, stderr)
	}
	if code, _, stderr := do(t, "validate"); code != exitInvalid || !strings.Contains(stderr, "needs a scenario") {
		t.Errorf("nothing to validate: exit code %d, %s", code, stderr)
	}
}

func TestValidateJSON(t *testing.T) {
	t.Parallel()
	bad := file(t, "bad.yaml", "apiVersion: slotstorm/v1\nkind: Scenario\nmetdata: {}\n")
	code, stdout, stderr := do(t, "validate", "--json", "kill-primary", bad, "missing.yaml")
	var got []checked
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("%v in\n%s", err, stdout)
	}
	if code != exitInvalid || stderr != "" || len(got) != 3 {
		t.Fatalf("exit code %d, %q, %+v", code, stderr, got)
	}
	if !got[0].OK || got[0].Name != "kill-primary" {
		t.Errorf("the valid one: %+v", got[0])
	}
	if got[1].OK || len(got[1].Errors) == 0 || got[1].Errors[len(got[1].Errors)-1].Line != 3 {
		t.Errorf("the invalid one: %+v", got[1])
	}
	if got[2].OK || got[2].Problem == "" {
		t.Errorf("the missing one: %+v", got[2])
	}
}

const twoFaults = `apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: two-faults}
seed: 3
workload: {rate: 50, warmup: 1s}
timeline:
  phases:
    - {name: calm, duration: 10s}
    - {name: storm, duration: 170s}
  faults:
    - {name: once, at: 10s, kill: {target: primary of shard 0}}
    - name: again
      at: 60s
      kill: {target: random primary, signal: SIGTERM}
      repeat: {times: 2, every: 60s, jitter: 500ms}
repeat: 2
`

func TestInspect(t *testing.T) {
	t.Parallel()
	path := file(t, "two.yaml", twoFaults)
	code, stdout, stderr := do(t, "inspect", path, "--set", "workload.generators=2")
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	golden(t, "testdata/inspect.txt", stdout)

	// The output is the same scenario again.
	again, err := scenarios.Parse("inspected", []byte(stdout))
	if err != nil {
		t.Fatal(err)
	}
	if again.Seed != 3 || again.Workload.Generators != 2 || len(again.Timeline.Faults) != 2 {
		t.Errorf("read back as %+v", again)
	}
}

func TestInspectJSON(t *testing.T) {
	t.Parallel()
	_, stdout, _ := do(t, "inspect", file(t, "two.yaml", twoFaults), "--json")
	var got inspected
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("%v in\n%s", err, stdout)
	}
	if len(got.Timeline) != 6 || len(got.Defaults) == 0 || got.Scenario.Metadata.Name != "two-faults" {
		t.Errorf("printed %+v", got)
	}
	last := got.Timeline[4]
	if last.Name != "again-2" || last.At.Std() != 120*time.Second || last.Latest.Std() != 120500*time.Millisecond {
		t.Errorf("the last injection is %+v", last)
	}
}

// runsOnDisk are three runs: passed, failed, and killed before its end.
func runsOnDisk(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	ms := func(n int) results.Duration { return results.DurationOf(time.Duration(n) * time.Millisecond) }
	write(t, root, "kill-primary-20260304-050607-aa", func(r *results.Run) {
		r.Audit = &results.Audit{Lost: 2}
		r.Summary = &results.Summary{
			Verdict:       results.Pass,
			FailoverStats: &results.Distribution{N: 3, Median: ms(3120)},
			Latency: []results.Latency{
				{Phase: "all", Command: "GET", Time: results.Response, Count: 10, P99: ms(12)},
				{Phase: "all", Command: "all", Time: results.Slip, Count: 10, P99: ms(99)},
				{Phase: "all", Command: "all", Time: results.Response, Count: 10, P99: ms(15)},
				{Phase: "steady", Command: "all", Time: results.Response, Count: 10, P99: ms(98)},
			},
		}
	})
	write(t, root, "kill-primary-20260304-060607-bb", func(r *results.Run) {
		r.Start = start.Add(time.Hour)
		r.Interrupted = "stopped by Ctrl-C"
		r.Summary = &results.Summary{Verdict: results.Fail, Failovers: []results.Failover{{}, {From: "node-0", To: "node-3", Complete: true, Server: ms(850)}}}
	})
	// The end of its process gives the journal of a killed run free.
	killed, err := results.Create(root, "steady-20260304-070607-cc", start)
	if err == nil {
		err = killed.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestList(t *testing.T) {
	t.Parallel()
	root := runsOnDisk(t)
	code, stdout, stderr := do(t, "list", "--out", root)
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	golden(t, "testdata/list.txt", stdout)

	_, stdout, _ = do(t, "list", "runs", "--json", "--out", root)
	var rows []runRow
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil {
		t.Fatalf("%v in\n%s", err, stdout)
	}
	if len(rows) != 3 {
		t.Errorf("%d rows in\n%s", len(rows), stdout)
	}

	code, stdout, stderr = do(t, "list", "--out", filepath.Join(root, "nowhere"))
	if code != exitOK || stdout != "" {
		t.Errorf("no runs: exit code %d, printed %q", code, stdout)
	}
	contains(t, stderr, "There is no run")
	if _, stdout, _ := do(t, "list", "--json", "--out", filepath.Join(root, "nowhere")); stdout != "[]\n" {
		t.Errorf("no runs as JSON: %q", stdout)
	}
}

// TestListSelects: by scenario, by verdict or state, and the newest of those.
func TestListSelects(t *testing.T) {
	t.Parallel()
	root := runsOnDisk(t)
	running, err := results.Create(root, "steady-20260304-080607-dd", start)
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	for _, tt := range []struct {
		args, want string
	}{
		{"--verdict running", "steady-20260304-080607-dd"},
		{"--verdict killed", "steady-20260304-070607-cc"},
		{"--verdict fail", "kill-primary-20260304-060607-bb"},
		{"--verdict pass,fail", "kill-primary-20260304-050607-aa kill-primary-20260304-060607-bb"},
		{"--scenario kill-primary --last 1", "kill-primary-20260304-060607-bb"},
		{"--last 9 --verdict pass", "kill-primary-20260304-050607-aa"},
		{"--scenario nothing", ""},
	} {
		_, stdout, stderr := do(t, append([]string{"list", "--json", "--out", root}, strings.Fields(tt.args)...)...)
		var rows []runRow
		if err := json.Unmarshal([]byte(stdout), &rows); err != nil {
			t.Fatalf("%s: %v, %s", tt.args, err, stderr)
		}
		var ids []string
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		if got := strings.Join(ids, " "); got != tt.want {
			t.Errorf("%s lists %q, want %q", tt.args, got, tt.want)
		}
	}
	if _, stdout, stderr := do(t, "list", "--out", root, "--scenario", "nothing"); stdout != "" || !strings.Contains(stderr, "None of the 4 runs") {
		t.Errorf("nothing selected: %q, %s", stdout, stderr)
	}
	for args, want := range map[string]string{
		"--verdict pas":            "did you mean pass?",
		"--last 0":                 "--last must be at least 1",
		"scenarios --verdict pass": "cannot be combined with 'list scenarios'",
	} {
		if code, _, stderr := do(t, append([]string{"list", "--out", root}, strings.Fields(args)...)...); code != exitInvalid || !strings.Contains(stderr, want) {
			t.Errorf("list %s: exit code %d, %s", args, code, stderr)
		}
	}
}

func TestListScenarios(t *testing.T) {
	t.Parallel()
	_, stdout, _ := do(t, "list", "scenarios")
	contains(t, stdout, "SCENARIO", "kill-primary ", "steady ")
	_, stdout, _ = do(t, "list", "scenarios", "--json")
	var got []scenarios.BuiltinInfo
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || len(got) < 3 {
		t.Errorf("%v in\n%s", err, stdout)
	}
	if code, _, stderr := do(t, "list", "scenario"); code != exitInvalid || !strings.Contains(stderr, "did you mean scenarios?") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := write(t, root, "kill-primary-1", nil).Dir
	code, stdout, stderr := do(t, "report", "kill", "--out", root)
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	contains(t, stdout, "kill-primary", "report.html")
	if _, err := os.Stat(filepath.Join(dir, "report.html")); err != nil {
		t.Errorf("the report was not made anew: %v", err)
	}
	for format, sign := range map[string]string{"text": "kill-primary", "markdown": "# ", "json": `"verdict"`, "junit": "<testsuite", "html": "<!doctype html>"} {
		code, stdout, stderr := do(t, "report", "latest", "--out", root, "--format", format)
		if code != exitOK || !strings.Contains(strings.ToLower(stdout), sign) {
			t.Errorf("%s: exit code %d, %s\n%.200s", format, code, stderr, stdout)
		}
		out := filepath.Join(t.TempDir(), "out")
		code, nothing, stderr := do(t, "report", dir, "--format", format, "-o", out)
		got, err := os.ReadFile(out)
		if code != exitOK || nothing != "" || err != nil || len(got) == 0 {
			t.Errorf("%s into a file: exit code %d, %s, %v", format, code, stderr, err)
		}
	}
	if _, stdout, _ := do(t, "report", dir, "--json"); !json.Valid([]byte(stdout)) {
		t.Errorf("--json prints\n%s", stdout)
	}
}

// TestReportOfSeveralRuns: what a program reads is one document.
func TestReportOfSeveralRuns(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, id := range []string{"one", "two"} {
		write(t, root, id, nil)
	}
	report := func(args ...string) (exitCode, string, string) {
		return do(t, append([]string{"report", "one", "two", "--out", root}, args...)...)
	}
	code, stdout, stderr := report("--json")
	var list []outcome
	if err := json.Unmarshal([]byte(stdout), &list); code != exitOK || err != nil || len(list) != 2 || list[0].ID != "one" || list[1].Summary == nil {
		t.Errorf("json: exit code %d, %v, %s", code, err, stderr)
	}
	for format, once := range map[string]string{"junit": "<testsuites", "openmetrics": "# EOF", "json": "\n]"} {
		code, stdout, stderr := report("--format", format)
		if code != exitOK || strings.Count(stdout, once) != 1 || !strings.Contains(stdout, "one") || !strings.Contains(stdout, "two") {
			t.Errorf("%s: exit code %d, %s\n%.300s", format, code, stderr, stdout)
		}
	}
	for _, format := range []string{"text", "markdown", "summary"} {
		if code, stdout, stderr := report("--format", format); code != exitOK || strings.Count(stdout, "kill-primary") < 2 {
			t.Errorf("%s: exit code %d, %s", format, code, stderr)
		}
	}
	for _, format := range []string{"html", "csv", "jsonl"} {
		code, stdout, stderr := report("--format", format)
		if code != exitInvalid || stdout != "" {
			t.Errorf("%s: exit code %d, %.100s", format, code, stdout)
		}
		contains(t, stderr, "--format "+format+" takes one run, but got 2; formats of several runs are text, markdown, json, junit, summary, openmetrics")
	}
	if code, stdout, _ := report("--json", "--quiet"); code != exitOK || !json.Valid([]byte(stdout)) {
		t.Errorf("quiet: exit code %d, %.100s", code, stdout)
	}
}

func TestReportRefuses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := write(t, root, "cut", nil).Dir
	if err := os.Truncate(filepath.Join(dir, results.ScenarioFile), 10); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		typed string
		want  exitCode
		says  string
	}{
		{"report", exitInvalid, "needs a run"},
		{"schema resul", exitInvalid, "did you mean result?"},
		{"report cut --format pdf", exitInvalid, "use one of text, markdown"},
		{"report cut --format jsn", exitInvalid, "did you mean json?"},
		{"report cut cut -o x", exitInvalid, "--output takes one run"},
		{"report cut", exitError, "scenario.yaml was changed or cut short"},
		{"report other", exitError, "no run \"other\""},
	} {
		code, stdout, stderr := do(t, append(strings.Fields(tt.typed), "--out", root)...)
		if code != tt.want || stdout != "" {
			t.Errorf("%q: exit code %d, printed %q", tt.typed, code, stdout)
		}
		contains(t, stderr, tt.says)
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	code, stdout, _ := do(t, "schema")
	if code != exitOK || !json.Valid([]byte(stdout)) {
		t.Errorf("exit code %d, printed %.200s", code, stdout)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	_, stdout, _ := do(t, "version")
	contains(t, stdout, "slotstorm ", runtime.Version(), runtime.GOARCH)
	_, stdout, _ = do(t, "--version", "--json")
	var got build
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || got.Go != runtime.Version() || got.Version == "" {
		t.Errorf("%v in\n%s", err, stdout)
	}
}

func TestColor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if b.colored(&b.stdout) {
		t.Error("a buffer has colours")
	}
	if got := console.Paint(true, console.Red, "x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("painted %q", got)
	}
	if got := console.Paint(false, console.Red, "x"); got != "x" {
		t.Errorf("painted %q", got)
	}
}

// broken is a stream that takes nothing.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestResultThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"version", "help", "list scenarios", "inspect steady", "schema"} {
		b := newBench(t)
		b.out = broken{}
		code := b.run(t.Context(), append([]string{"slotstorm"}, strings.Fields(verb)...))
		if code != exitError || b.stderr.String() != "slotstorm: writing the result: no space left\n" {
			t.Errorf("%s: exit code %d, %s", verb, code, b.stderr.String())
		}
	}
}

// TestInspectComments: the file is printed as it is, and --json, which has no comments, is
// refused.
func TestInspectComments(t *testing.T) {
	t.Parallel()
	path := file(t, "two.yaml", "# mine\n"+twoFaults)
	if _, stdout, stderr := do(t, "inspect", path, "--comments"); stdout != "# mine\n"+twoFaults {
		t.Errorf("%s%s", stdout, stderr)
	}
	if _, stdout, stderr := do(t, "inspect", path, "--comments", "--seed", "77"); !strings.HasPrefix(stdout, "# mine\n") || !strings.Contains(stdout, "seed: 77\n") {
		t.Errorf("%s%s", stdout, stderr)
	}
	if code, _, stderr := do(t, "inspect", path, "--comments", "--json"); code != exitInvalid || !strings.Contains(stderr, "--json") {
		t.Errorf("%d %s", code, stderr)
	}
}
