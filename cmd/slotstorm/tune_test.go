package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// nervous plays runs in which a node is marked FAIL if cluster-node-timeout is below least, in
// the second run with a timeout. It counts the runs.
func nervous(t *testing.T, b *bench, least time.Duration) *int {
	t.Helper()
	runs, with := 0, map[time.Duration]int{}
	b.play = func(_ context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		runs++
		with[s.Redis.NodeTimeout()]++
		w, r := playing(t, o.Root, runs, s)
		if s.Redis.NodeTimeout() < least && with[s.Redis.NodeTimeout()] == 2 {
			if err := w.Event(results.Event{Offset: r.LoadStart + results.DurationOf(time.Second), Kind: results.EventFail, Source: "log", Node: "node-1", About: "node-0"}); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range s.Timeline.Faults {
			r.Faults = append(r.Faults, results.Fault{Name: f.Name, Kind: f.Kind(), Status: results.StatusHealed, Shard: -1})
		}
		return &runner.Result{Dir: o.Root, Bundle: sealed(t, w, s, r), Summary: &results.Summary{Verdict: results.Pass}}, nil
	}
	return &runs
}

func tuneArgs(root string, more ...string) []string {
	return append([]string{"tune", "timeout", "--jitter", "100ms", "--hold", "2s", "--repeat", "2", "--out", root}, more...)
}

func TestTune(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	nervous(t, b, time.Second)
	root, dir := t.TempDir(), t.TempDir()
	code, stdout, stderr := b.do(tuneArgs(root, "--out", "json="+filepath.Join(dir, "json"), "--out", "html="+filepath.Join(dir, "html"), "--out", "markdown="+filepath.Join(dir, "md"))...)
	if code != exitOK {
		t.Fatalf("%d: %s", code, stderr)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "json"))
	if err != nil {
		t.Fatal(err)
	}
	var got compare.Tuning
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	printedGolden(t, "tuning", root, string(raw))
	if got.Lowest.Std() != 1380*time.Millisecond || got.Falsely.Std() != 980*time.Millisecond || len(got.Kills) != 3 || got.Unfinished != "" {
		t.Errorf("lowest %v, with a false failover %v, %d kills, %s", got.Lowest, got.Falsely, len(got.Kills), got.Unfinished)
	}
	contains(t, stdout, "cluster-node-timeout 1380 is the lowest on the ladder without a false failover: 2 runs", "at 980 ms: node-0 was marked FAIL after 1.00 s", "100ms ± 100ms")
	contains(t, stderr, "980 ms, run 2 of 2: false failover", "1380 ms, a primary is killed")
	for name, part := range map[string]string{"html": "<td", "md": "### Failover of a killed primary"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		contains(t, string(text), part)
	}
	if left, err := filepath.Glob(filepath.Join(root, "tune-*.json")); err != nil || len(left) > 0 {
		t.Errorf("a finished search left %v", left)
	}
}

// TestTuneFindsNone: the answer says so, and which timeouts were tried.
func TestTuneFindsNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	nervous(t, b, time.Hour)
	code, stdout, stderr := b.do(tuneArgs(t.TempDir(), "--most", "2s", "--steps", "2")...)
	if code != exitOK {
		t.Fatalf("%d: %s", code, stderr)
	}
	contains(t, stdout, "no timeout was found without a false failover; the highest that was tried is 2.00 s")
}

// TestTuneResumes: a search that ended early goes on where it was.
func TestTuneResumes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	runs := nervous(t, b, time.Second)
	whole := b.play
	b.play = func(ctx context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		if *runs == 2 {
			return nil, errors.New("the power went")
		}
		return whole(ctx, s, o)
	}
	root := t.TempDir()
	if code, _, stderr := b.do(tuneArgs(root)...); code != exitError || !strings.Contains(stderr, "the power went") {
		t.Fatalf("%d %s", code, stderr)
	}
	b.play = whole
	code, stdout, stderr := b.do(tuneArgs(root)...)
	if code != exitOK {
		t.Fatalf("%d %s", code, stderr)
	}
	contains(t, stderr, "interrupted after 1 steps")
	contains(t, stdout, "cluster-node-timeout 1380 is the lowest")
}

// TestTuneEndsWithItsTime: no run starts after --time.
func TestTuneEndsWithItsTime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	runs := nervous(t, b, time.Second)
	code, stdout, _ := b.do(tuneArgs(t.TempDir(), "--time", "1ns")...)
	if code != exitOK || *runs != 0 {
		t.Errorf("exit code %d after %d runs", code, *runs)
	}
	contains(t, stdout, "the search is not finished: --time 1ns is over", "no timeout was found")
}

func TestTuneRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, says string }{
		{"tune", "needs what to tune: timeout"},
		{"tune timeot", "use timeout"},
		{"tune timeout a b", "takes one scenario"},
		{"tune timeout nothing-like-it", "file does not exist"},
		{"tune timeout --repeat 0", "--repeat must be 1 to 1000"},
		{"tune timeout --hold 1500ms", "whole seconds"},
		{"tune timeout --loss 0", "a percentage above 0"},
		{"tune timeout --loss much", "a percentage above 0"},
		{"tune timeout --delay 2m", "use 100us to 1m"},
		{"tune timeout --traffic gossip", "use bus, client or all"},
		{"tune timeout --least 2s --most 1s", "the least first"},
		{"tune timeout --steps 0", "--steps must be 1 to 100"},
		{"tune timeout --time -1s", "must not be less than 0"},
		{"tune timeout --set redis.replicasPerShard=0", "needs a replica"},
		{"tune timeout --out junit=x", "slotstorm tune writes text"},
	} {
		code, _, stderr := do(t, strings.Fields(tt.typed)...)
		if code != exitInvalid {
			t.Errorf("%q gives %d", tt.typed, code)
		}
		contains(t, stderr, tt.says)
	}
}
