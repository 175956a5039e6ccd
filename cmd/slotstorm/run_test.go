package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// endings makes runs end with these verdicts, one after the other, and records the
// options of each run.
func endings(t *testing.T, b *bench, verdicts ...results.Verdict) *[]runner.Options {
	t.Helper()
	var asked []runner.Options
	root := t.TempDir()
	b.play = func(_ context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		v := verdicts[len(asked)]
		asked = append(asked, o)
		bundle := write(t, root, fmt.Sprintf("run-%d", len(asked)), func(r *results.Run) { r.Seed, r.Matrix = s.Seed, o.Matrix })
		return &runner.Result{Dir: bundle.Dir, Bundle: bundle, Summary: &results.Summary{Verdict: v}}, nil
	}
	return &asked
}

func TestRunExitCodes(t *testing.T) {
	t.Parallel()
	for verdict, want := range map[results.Verdict]exitCode{
		results.Pass: exitOK, results.Fail: exitFailed, results.Inconclusive: exitInconclusive, results.Invalid: exitInconclusive,
	} {
		b := newBench(t)
		endings(t, b, verdict)
		code, stdout, stderr := b.do("run", "kill-primary")
		if code != want || stderr != "" {
			t.Errorf("%s gives %d and says %q, want %d", verdict, code, stderr, want)
		}
		contains(t, strings.ToLower(stdout), string(verdict), "report.html")
	}
}

func TestRunErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want exitCode
		says string
	}{
		{fmt.Errorf("%w: no redis-server", site.ErrEnvironment), exitEnvironment, "slotstorm doctor"},
		{errors.New("the disk is full"), exitError, "slotstorm: the disk is full\n"},
		{fmt.Errorf("deploying: %w", context.Canceled), exitInterrupted, "interrupted"},
	} {
		b := newBench(t)
		b.play = func(context.Context, *scenarios.Scenario, runner.Options) (*runner.Result, error) { return nil, tt.err }
		code, stdout, stderr := b.do("run", "kill-primary")
		if code != tt.want || stdout != "" {
			t.Errorf("%v gives %d and prints %q, want %d", tt.err, code, stdout, tt.want)
		}
		contains(t, stderr, tt.says)
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, says string }{
		{"run", "slotstorm run needs a scenario: a file, - for standard input, or a built-in scenario"},
		{"run", "kill-primary"},
		{"run a b", "takes one scenario, but got 2: a b"},
		{"run kill-primry", "did you mean the built-in kill-primary?"},
		{"run kill-primary --seed many", "seed"},
		{"run kill-primary --set redis.shards=2", "redis.shards"},
		{"run kill-primary --set redis.shard=3", "did you mean"},
		{"run kill-primary --repeat 0", "repeat"},
		{"run kill-primary --cluster mars", "cluster.provider"},
		{"run kill-primary -q -v", "cannot be combined"},
	} {
		code, stdout, stderr := do(t, strings.Fields(tt.typed)...)
		if code != exitInvalid || stdout != "" {
			t.Errorf("%q gives %d and prints %q", tt.typed, code, stdout)
		}
		contains(t, stderr, tt.says)
	}
}

func TestRunInRoom(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.enter = func(string, *os.File, <-chan os.Signal) (local.Room, int, bool, error) {
		return local.Room{Sealed: true}, 4, true, nil
	}
	if code, _, _ := b.do("run", "kill-primary"); code != exitFailed {
		t.Errorf("the room ended with 4, and the program with %d", code)
	}
	b.enter = func(string, *os.File, <-chan os.Signal) (local.Room, int, bool, error) {
		return local.Room{}, 0, false, errors.New("refused")
	}
	if code, _, stderr := b.do("run", "kill-primary"); code != exitEnvironment || !strings.Contains(stderr, "refused") {
		t.Errorf("a refused room gives %d: %s", code, stderr)
	}
}

func TestRunJSON(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	endings(t, b, results.Fail)
	code, stdout, _ := b.do("run", "kill-primary", "--json", "--seed", "41", "-q")
	if code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	var got outcome
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("%v in\n%s", err, stdout)
	}
	if got.Verdict != results.Fail || got.Seed != 41 || got.ID != "run-1" || got.Summary == nil {
		t.Errorf("printed %+v", got)
	}
}

func TestRunQuietPrintsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	endings(t, b, results.Pass)
	if code, stdout, stderr := b.do("run", "kill-primary", "-q"); code != exitOK || stdout+stderr != "" {
		t.Errorf("exit code %d, printed %q and %q", code, stdout, stderr)
	}
}

func TestRunOptions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked := endings(t, b, results.Pass)
	b.do("run", "kill-primary", "--out", "else where", "--keep-volumes", "--set", "metadata.description=it's one", "--seed", "9")
	o := (*asked)[0]
	want := `slotstorm run kill-primary --set 'metadata.description=it'\''s one' --seed 9`
	if o.Root != "else where" || !o.KeepVolumes || o.Command != want || o.Version == "" || o.Observer == nil {
		t.Errorf("the runner was given %+v", o)
	}
}

func TestRunRepeats(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked := endings(t, b, results.Pass, results.Fail, results.Inconclusive)
	code, stdout, stderr := b.do("run", "kill-primary", "--repeat", "3", "--seed", "5")
	if code != exitFailed {
		t.Errorf("pass, fail and inconclusive give %d, want the worst: %d", code, exitFailed)
	}
	contains(t, stderr, "run 1 of 3, seed 5", "run 3 of 3, seed 7")
	_, table, _ := strings.Cut(stdout, "RUN ")
	golden(t, "testdata/repeat.txt", "RUN "+table)
	for i, o := range *asked {
		if want := fmt.Sprintf("slotstorm run kill-primary --seed %d --repeat 1", 5+i); o.Command != want {
			t.Errorf("run %d is repeated by %q, want %q", i, o.Command, want)
		}
	}
}

func TestRunRepeatsJSON(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	endings(t, b, results.Pass, results.Inconclusive)
	code, stdout, _ := b.do("run", "kill-primary", "--repeat", "2", "--json")
	var got []runRow
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("%v in\n%s", err, stdout)
	}
	if code != exitInconclusive || len(got) != 2 || got[1].Verdict != results.Inconclusive {
		t.Errorf("exit code %d, printed %+v", code, got)
	}
}

// TestRunFromAPipe: what can be read once is enough, as in run <(make-scenario).
func TestRunFromAPipe(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../scenarios/builtin/steady.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.Write(text); err != nil { // it is less than a pipe holds
		t.Fatal(err)
	}
	w.Close()
	b := newBench(t)
	endings(t, b, results.Pass)
	if code, _, stderr := b.do("run", fmt.Sprintf("/dev/fd/%d", r.Fd())); code != exitOK {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// TestRunMatrix: each combination runs as often as is said, and is repeated by a
// command of its own; what is written holds all of them.
func TestRunMatrix(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	verdicts := []results.Verdict{results.Pass, results.Pass, results.Invalid, results.Pass}
	asked := endings(t, b, verdicts...)
	cases := filepath.Join(t.TempDir(), "junit.xml")
	code, stdout, stderr := b.do("run", "client-profiles", "--repeat", "2", "--seed", "5", "--json", "--out", "junit="+cases)
	var got []outcome
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != exitInconclusive || len(got) != 4 {
		t.Fatalf("exit code %d, %v in\n%s%s", code, err, stdout, stderr)
	}
	for i, profile := range []string{"default", "default", "tuned", "tuned"} {
		seed := 5 + uint64(i%2)
		if g := got[i]; len(g.Settings) != 1 || g.Settings[0].Value != profile || g.Seed != seed || g.Summary.Verdict != verdicts[i] {
			t.Errorf("run %d is %+v", i, g)
		}
		want := fmt.Sprintf("slotstorm run client-profiles --set matrix=null --set workload.client.profile=%s --seed %d --repeat 1", profile, seed)
		if o := (*asked)[i]; o.Command != want {
			t.Errorf("run %d is repeated by %q, want %q", i, o.Command, want)
		}
		contains(t, stderr, fmt.Sprintf("combination %d of 2: workload.client.profile=%s; run %d of 2, seed %d\n", i/2+1, profile, i%2+1, seed))
	}
	if suites, err := os.ReadFile(cases); err != nil || strings.Count(string(suites), "<testsuite ") != 4 {
		t.Errorf("%v: %s", err, suites)
	}
	before := len(*asked)
	if code, _, stderr := b.do("run", "client-profiles", "--out", "jsonl=lines.jsonl"); code != exitInvalid || len(*asked) != before {
		t.Errorf("the seconds of two runs in one file: %d, %s", code, stderr)
	}
	endings(t, b, results.Pass, results.Pass)
	page := filepath.Join(t.TempDir(), "page.html")
	_, stdout, _ = b.do("run", "client-profiles", "--out", "html="+page)
	contains(t, stdout, "profile", "slip p99", "tuned")
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(raw), "<h1>Matrix of ", "tuned")
}

// TestFirstSignalStopsGently: the runner stops, its report is printed, and no other run
// begins.
func TestFirstSignalStopsGently(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	runs := 0
	b.play = func(_ context.Context, _ *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		runs++
		b.caught <- os.Interrupt
		<-o.Stop
		bundle := write(t, t.TempDir(), "stopped", func(r *results.Run) { r.Interrupted = "stopped by Ctrl-C" })
		return &runner.Result{Dir: bundle.Dir, Bundle: bundle, Summary: &results.Summary{Verdict: results.Inconclusive}}, nil
	}
	code, stdout, stderr := b.do("run", "kill-primary", "--repeat", "3")
	if code != exitInterrupted || runs != 1 {
		t.Errorf("exit code %d after %d runs", code, runs)
	}
	contains(t, stderr, "stopping: undoing faults and collecting the logs of the nodes; press Ctrl-C again to exit at once\n")
	contains(t, stdout, "inconclusive (interrupted)")
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.play = func(ctx context.Context, _ *scenarios.Scenario, _ runner.Options) (*runner.Result, error) {
		b.caught <- syscall.SIGTERM
		b.caught <- os.Interrupt
		<-ctx.Done()
		return nil, ctx.Err()
	}
	code, stdout, stderr := b.do("run", "kill-primary")
	if code != exitInterrupted || stdout != "" {
		t.Errorf("exit code %d, printed %q", code, stdout)
	}
	contains(t, stderr, "slotstorm: interrupted\n")
}

// TestHangingRunnerIsLeft: a runner that does not end by itself is not waited
// for.
func TestHangingRunnerIsLeft(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.play = func(ctx context.Context, _ *scenarios.Scenario, _ runner.Options) (*runner.Result, error) {
		b.caught <- os.Interrupt
		b.caught <- os.Interrupt
		b.caught <- os.Interrupt
		if code := <-b.exited; code != exitInterrupted {
			t.Errorf("the process was ended with %d", code)
		}
		return nil, ctx.Err()
	}
	b.do("run", "kill-primary")
}

func TestWorstExitCode(t *testing.T) {
	t.Parallel()
	order := []exitCode{exitOK, exitInconclusive, exitEnvironment, exitFailed, exitInterrupted, exitUnhealed}
	for i, c := range order[1:] {
		if c.severity() <= order[i].severity() {
			t.Errorf("%d must outweigh %d", c, order[i])
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"a/b.yaml": "a/b.yaml", "": "''", "a b": "'a b'", "x=[1]": "'x=[1]'", "it's": `'it'\''s'`, "$HOME": "'$HOME'",
	} {
		if got := quote(word); got != want {
			t.Errorf("quote(%q) = %s, want %s", word, got, want)
		}
	}
}
