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
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// carries plays runs of clusters that are fast up to 700 requests per second by
// shard.
func carries(t *testing.T, b *bench) *[]*scenarios.Scenario {
	return steadyRuns(t, b, func(s *scenarios.Scenario) bool { return s.Workload.Rate.PerSecond > float64(700*s.Redis.Shards) })
}

func capacityArgs(root string, more ...string) []string {
	return append([]string{"capacity", "steady", "--set", "objectives=[{metric: response.p99, max: 450us}]", "--state", "healthy", "--hold", "2s", "--out", root}, more...)
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked := carries(t, b)
	root, dir := t.TempDir(), t.TempDir()
	code, stdout, stderr := b.do(capacityArgs(root, "--shards", "3,5", "--for", "10000", "--out", "json="+filepath.Join(dir, "json"), "--out", "html="+filepath.Join(dir, "html"), "--out", "markdown="+filepath.Join(dir, "md"))...)
	if code != exitOK {
		t.Fatalf("%d: %s", code, stderr)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "json"))
	if err != nil {
		t.Fatal(err)
	}
	printedGolden(t, "capacity", root, string(raw))
	var got compare.Capacity
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	for i, shards := range []int{3, 5} {
		limit := float64(700 * shards)
		if a := got.Answers[i]; a.Shards != shards || a.Rate > limit || a.Rate < 0.95*limit || !a.Confirmed || a.Misses <= limit || a.Limit != "the objectives" {
			t.Errorf("%d shards: %v, missed at %v, confirmed %v by %q; want %v", shards, a.Rate, a.Misses, a.Confirmed, a.Limit, limit)
		}
	}
	if s := got.Sizes[0]; s.Rate != 10000 || s.Shards < 15 || s.Shards > 16 {
		t.Errorf("10,000 per second at 700 by shard: %+v", s)
	}
	contains(t, stdout, "you need 15 shards of 1 core for 10,000/s while all is healthy", "3       healthy")
	for name, part := range map[string]string{"html": "<svg ", "md": "## Steps, 3 shards, healthy"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		contains(t, string(text), part)
	}
	for _, s := range *asked {
		if len(s.Timeline.Phases) != 1 || s.Timeline.Phases[0].Name != compare.HoldPhase || s.Workload.Rate.Max {
			t.Errorf("a step is %+v of %+v", s.Timeline, s.Workload.Rate)
		}
	}
}

// TestCapacityResumes: a search that ended early goes on where it was.
func TestCapacityResumes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked := carries(t, b)
	whole := b.play
	b.play = func(ctx context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		if len(*asked) == 4 {
			return nil, errors.New("the power went")
		}
		return whole(ctx, s, o)
	}
	root := t.TempDir()
	if code, _, stderr := b.do(capacityArgs(root)...); code != exitError || !strings.Contains(stderr, "the power went") {
		t.Fatalf("%d %s", code, stderr)
	}
	first := len(*asked)
	b.play = whole
	code, stdout, stderr := b.do(capacityArgs(root)...)
	if code != exitOK {
		t.Fatalf("%d %s", code, stderr)
	}
	contains(t, stderr, "interrupted after 4 steps")
	contains(t, stdout, "2,0", "yes")
	rates := map[float64]int{}
	for _, s := range *asked {
		rates[s.Workload.Rate.PerSecond]++
	}
	if rates[2000] != 1 || first != 4 {
		t.Errorf("the steps before were taken again: %v", rates)
	}
	if left, err := filepath.Glob(filepath.Join(root, "capacity-*.json")); err != nil || len(left) > 0 {
		t.Errorf("a finished search left %v", left)
	}
}

// TestCapacityWithOneDown: the step kills a primary, judges after the failover,
// and believes no run in which that did not take place.
func TestCapacityWithOneDown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	asked := carries(t, b)
	code, stdout, _ := b.do("capacity", "steady", "--set", "objectives=[{metric: response.p99, max: 450us}]", "--set", "redis.config.cluster-node-timeout=1000",
		"--state", "n-1", "--hold", "2s", "--out", t.TempDir())
	if code != exitOK || !strings.Contains(stdout, "no rate met the objectives") {
		t.Errorf("%d %s", code, stdout)
	}
	contains(t, strings.Join(strings.Fields(stdout), " "), "runs that gave no answer: the primary was not away while the rate was held")
	s := (*asked)[0]
	if s.Timeline.Phases[0].Duration.String() != "5s" || s.Timeline.Faults[0].Kill.Target.String() != "primary of shard 0" || !s.Timeline.Faults[0].Kill.Away.Forever {
		t.Errorf("the step is %+v", s.Timeline)
	}
}

func TestCapacityRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, says string }{
		{"capacity", "needs a scenario"},
		{"capacity steady --shards 2", "numbers from 3 to 100"},
		{"capacity steady --state ok", "use healthy, n-1 or both"},
		{"capacity steady --hold 1500ms", "whole seconds"},
		{"capacity steady --for many", "is not a rate"},
		{"capacity steady --from 10 --most 5", "must not be less than --from"},
		{"capacity steady --set redis.replicasPerShard=0", "needs a replica"},
		{"capacity steady --set objectives=[]", "no objective that judges a load"},
		{"capacity steady --out junit=x", "slotstorm capacity writes text"},
	} {
		code, _, stderr := do(t, strings.Fields(tt.typed)...)
		if code != exitInvalid {
			t.Errorf("%q gives %d", tt.typed, code)
		}
		contains(t, stderr, tt.says)
	}
}

func TestCapacityStops(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.play = func(_ context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		b.caught <- os.Interrupt
		<-o.Stop
		bundle := write(t, t.TempDir(), "stopped", func(r *results.Run) { r.Interrupted = "stopped by Ctrl-C" })
		return &runner.Result{Dir: bundle.Dir, Bundle: bundle, Summary: &results.Summary{Verdict: results.Inconclusive}}, nil
	}
	code, _, stderr := b.do(capacityArgs(t.TempDir())...)
	if code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	contains(t, stderr, "run the same command to continue")
}
