package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/internal/upkeep"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// breaks makes runs end with these verdicts, and the one after them with err.
func breaks(t *testing.T, b *bench, err error, verdicts ...results.Verdict) {
	t.Helper()
	asked := endings(t, b, verdicts...)
	play := b.play
	b.play = func(ctx context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		if len(*asked) == len(verdicts) {
			return nil, err
		}
		return play(ctx, s, o)
	}
}

// writtenRuns are the runs that --out json= has written.
func writtenRuns(t *testing.T, file string) []outcome {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []outcome
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	return got
}

// TestRunKeepsWhatFinished: the run that could not be made takes no result of the others
// with it, of a repeated scenario or of a matrix.
func TestRunKeepsWhatFinished(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, shows string }{
		{"run kill-primary --repeat 3", "run-1"},
		{"run client-profiles", "Matrix of"},
		{"run client-profiles --json", `"id": "run-1"`},
	} {
		b := newBench(t)
		breaks(t, b, fmt.Errorf("%w: port 6379 is taken", site.ErrEnvironment), results.Pass)
		file := filepath.Join(t.TempDir(), "runs.json")
		code, stdout, stderr := b.do(append(strings.Fields(tt.typed), "--out", "json="+file)...)
		if code != exitEnvironment {
			t.Errorf("%s: exit code %d", tt.typed, code)
		}
		contains(t, stdout, tt.shows)
		contains(t, stderr, "port 6379 is taken", "slotstorm doctor")
		if got := writtenRuns(t, file); len(got) != 1 || got[0].ID != "run-1" {
			t.Errorf("%s: wrote %+v", tt.typed, got)
		}
	}
}

// TestRunWithoutAnyResult leaves the files of --out alone: they would show no failure.
func TestRunWithoutAnyResult(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	breaks(t, b, errors.New("the disk is full"))
	file := filepath.Join(t.TempDir(), "junit.xml")
	code, stdout, _ := b.do("run", "kill-primary", "--repeat", "2", "--out", "junit="+file)
	if _, err := os.Stat(file); code != exitError || stdout != "" || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("exit code %d, printed %q, %v", code, stdout, err)
	}
}

// TestErrorBesideVerdicts: a missed objective is proved, whatever became of the run after it.
func TestErrorBesideVerdicts(t *testing.T) {
	t.Parallel()
	environment := fmt.Errorf("%w: no memory", site.ErrEnvironment)
	for _, tt := range []struct {
		err  error
		ends results.Verdict
		want exitCode
	}{
		{environment, results.Pass, exitEnvironment},
		{environment, results.Inconclusive, exitEnvironment},
		{environment, results.Fail, exitFailed},
		{errors.New("the disk is full"), results.Fail, exitFailed},
		{upkeep.ErrUnhealed, results.Fail, exitUnhealed},
		{fmt.Errorf("deploying: %w", context.Canceled), results.Fail, exitInterrupted},
	} {
		b := newBench(t)
		breaks(t, b, tt.err, tt.ends)
		code, _, stderr := b.do("run", "kill-primary", "--repeat", "2")
		if code != tt.want || !strings.Contains(stderr, "slotstorm: ") {
			t.Errorf("%v after %s gives %d, want %d: %s", tt.err, tt.ends, code, tt.want, stderr)
		}
	}
}

// TestStopBetweenRuns: what has finished is written and printed.
func TestStopBetweenRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	endings(t, b, results.Pass)
	play := b.play
	b.play = func(ctx context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		r, err := play(ctx, s, o)
		b.caught <- os.Interrupt
		<-o.Stop
		return r, err
	}
	file := filepath.Join(t.TempDir(), "runs.json")
	code, stdout, _ := b.do("run", "kill-primary", "--repeat", "3", "--out", "json="+file)
	if got := writtenRuns(t, file); code != exitInterrupted || len(got) != 1 {
		t.Errorf("exit code %d, wrote %+v", code, got)
	}
	contains(t, stdout, "RUN ")
}

// TestReportOfAnErrorAtTheEnd: nodes that could not be removed are an error, and no reason
// to lose the report.
func TestReportOfAnErrorAtTheEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	endings(t, b, results.Pass)
	play := b.play
	b.play = func(ctx context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		r, err := play(ctx, s, o)
		return r, errors.Join(err, errors.New("removing the nodes: refused"))
	}
	code, stdout, stderr := b.do("run", "kill-primary")
	if code != exitError {
		t.Errorf("exit code %d", code)
	}
	contains(t, strings.ToLower(stdout), "pass", "report.html")
	contains(t, stderr, "removing the nodes: refused")
}
