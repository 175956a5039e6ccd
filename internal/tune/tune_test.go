package tune

import (
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

func load(t *testing.T, name string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLadder(t *testing.T) {
	const ms = time.Millisecond
	if got, want := Ladder(1000*ms, 250*ms, 3), []time.Duration{1000 * ms, 500 * ms, 250 * ms}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := Ladder(100*ms, 100*ms, 5); len(got) != 1 || got[0] != 100*ms {
		t.Errorf("equal ends: %v", got)
	}
	list := Ladder(15*time.Second, 250*ms, 13)
	for i := range list[1:] {
		if ratio := float64(list[i]) / float64(list[i+1]); ratio < 1.33 || ratio > 1.50 {
			t.Errorf("%v and %v differ by a factor of %.2f", list[i], list[i+1], ratio)
		}
	}
	for timeout, want := range map[time.Duration]int{0: 13, time.Hour: 1, 15 * time.Second: 1, 10 * time.Second: 2, 250 * ms: 13} {
		if got := Nearest(list, timeout); got != want {
			t.Errorf("%v is nearest to rung %d of %v, want %d", timeout, got, list, want)
		}
	}
}

// TestAt: a condition replaces the timeline, and lasts for twice the timeout at least.
func TestAt(t *testing.T) {
	base := load(t, "kill-primary")
	c := Condition{Delay: 50 * time.Millisecond, Jitter: 200 * time.Millisecond, Loss: 1, Traffic: "bus", Hold: 5 * time.Second}
	s, err := At(base, c, 10*time.Second, 2)
	if err != nil {
		t.Fatal(err)
	}
	if s.Redis.NodeTimeout() != 10*time.Second || s.Timeline.Length().Std() != 20*time.Second || len(s.Objectives) != 0 || s.Seed != base.Seed+2 {
		t.Errorf("%v, %v, %v, seed %d", s.Redis.NodeTimeout(), s.Timeline.Length(), s.Objectives, s.Seed)
	}
	pairs := map[string]int{}
	for _, f := range s.Timeline.Faults {
		aim := f.Action().Aim()
		for _, one := range aim.Between {
			for _, other := range aim.And {
				pairs[f.Kind()+" "+one.String()+"-"+other.String()]++
			}
		}
		if f.Duration != s.Timeline.Length() || aim.Traffic != "bus" || f.Delay != nil && f.Delay.Latency.Std() != 200*time.Millisecond {
			t.Errorf("%+v", f)
		}
	}
	for _, kind := range []string{"delay", "loss"} {
		for _, pair := range []string{"shard 0-shard 1", "shard 0-shard 2", "shard 1-shard 2"} {
			if pairs[kind+" "+pair] != 1 {
				t.Errorf("%s between %s: %d times", kind, pair, pairs[kind+" "+pair])
			}
		}
	}
	if base.Redis.NodeTimeout() == 10*time.Second || len(base.Objectives) == 0 {
		t.Error("the scenario itself was changed")
	}
}

// TestTheTimelineOfAScenario: without a condition a run is the scenario itself, and the kill
// comes within those of its faults that leave nodes able to serve.
func TestTheTimelineOfAScenario(t *testing.T) {
	base := load(t, "slow-network-false-failover")
	s, err := At(base, Condition{}, time.Second, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Timeline.Faults) != len(base.Timeline.Faults) || s.Timeline.Length() != base.Timeline.Length() {
		t.Errorf("%+v", s.Timeline)
	}
	killed, err := Killed(base, Condition{}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	f := killed.Timeline.Faults
	if len(f) != 2 || f[0].Delay == nil || f[0].At != 0 || f[0].Duration != killed.Timeline.Length() || f[1].Kill == nil || !f[1].Kill.Away.Forever {
		t.Errorf("%+v", f)
	}
	// A partition cuts the killed primary's heir off: it is not in force beside the kill.
	cut, err := Killed(load(t, "partition-primary"), Condition{}, time.Second)
	if err != nil || len(cut.Timeline.Faults) != 1 || cut.Timeline.Faults[0].Kill == nil {
		t.Errorf("%v: %+v", err, cut.Timeline.Faults)
	}
	if other, err := Killed(load(t, "kill-primary"), Condition{}, time.Second); err != nil || len(other.Timeline.Faults) != 1 {
		t.Errorf("%v: %+v", err, other.Timeline.Faults)
	}
}
