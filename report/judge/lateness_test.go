package judge

import (
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// saysLate reports whether one of the texts begins with text; for an empty text,
// whether none is about lateness.
func saysLate(list []string, text string) bool {
	if text == "" {
		return !slices.ContainsFunc(list, func(s string) bool {
			return strings.Contains(s, "later than planned") || strings.Contains(s, "not over when")
		})
	}
	return slices.ContainsFunc(list, func(s string) bool { return strings.HasPrefix(s, text) })
}

// waiting has the check of the fault take a second.
func waiting(change func(*results.Bundle)) func(*results.Bundle) {
	return func(b *results.Bundle) {
		change(b)
		b.Run.Faults[0].Waited = "1.0 s until the cluster was whole"
	}
}

// TestWhatActsLateIsSaidAndJudged has faults and rolls at, below and above each
// bound.
func TestWhatActsLateIsSaidAndJudged(t *testing.T) {
	late := func(by float64) func(*results.Bundle) {
		return func(b *results.Bundle) {
			f := &b.Run.Faults[0]
			for _, at := range []*results.Duration{&f.Injected, &f.Proved, &f.Restored, &f.Verified} {
				*at += fixture.MS(by)
			}
		}
	}
	lasting := func(until, released float64) func(*results.Bundle) {
		return func(b *results.Bundle) {
			f := &b.Run.Faults[0]
			end := b.Run.Phases[len(b.Run.Phases)-1].To
			f.Kind, f.Until, f.Released = "pause", end+fixture.MS(until), end+fixture.MS(released)
		}
	}
	for _, tt := range []struct {
		name    string
		change  func(*results.Bundle)
		warning string
		reason  string
	}{
		{name: "in time", change: late(0)},
		{name: "a second late", change: late(1000)},
		{name: "more than a second", change: late(1050), warning: "fault kill-primary acted 1.05 s later than planned"},
		{name: "what it waited for", change: waiting(late(1050)), warning: "fault kill-primary acted 1.05 s later than planned, at T+11.052 s and not at T+10.002 s (its check took 1.0 s until the cluster was whole)"},
		{name: "a tenth of a phase of 15 s", change: late(1499), warning: "fault kill-primary acted 1.50 s later than planned"},
		{name: "more than a tenth", change: late(1600), reason: "fault kill-primary acted 1.60 s later than planned"},
		{name: "12 s late", change: late(12000), reason: "fault kill-primary acted 12.0 s later than planned, at T+22.002 s and not at T+10.002 s: that is more than a tenth of phase failure"},
		{name: "late, and in the next phase", change: func(b *results.Bundle) {
			f := &b.Run.Faults[0]
			f.Planned, f.Injected = b.Run.Phases[1].To-fixture.MS(100), b.Run.Phases[1].To+fixture.MS(1000)
		}, reason: "fault kill-primary acted 1.10 s later than planned, at T+26.000 s and not at T+24.900 s: phase failure, in which it was planned, was over"},
		{name: "over within the timeline", change: lasting(-2000, -1000)},
		{name: "over a moment after the timeline", change: lasting(0, 900)},
		{name: "not over when the timeline ends", change: lasting(-1000, 1100), reason: "fault kill-primary was not over when the timeline ended"},
		{name: "planned to last beyond the timeline", change: lasting(500, 1500)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := fixture.Killed()
			b.Run.Faults[0].Planned = b.Run.Faults[0].Injected
			tt.change(b)
			a := facts.New(b, own(t, b))
			s := Summary(a)
			if !saysLate(s.Warnings, tt.warning) {
				t.Errorf("warnings %q, want %q", s.Warnings, tt.warning)
			}
			if !saysLate(s.Reasons, tt.reason) {
				t.Errorf("reasons %q, want %q", s.Reasons, tt.reason)
			}
			if got := untimely(a); (len(got) > 0) != (tt.reason != "") {
				t.Errorf("untimely: %q", got)
			}
			if tt.reason != "" && s.Verdict == results.Pass {
				t.Error("the run passed")
			}
		})
	}
}

// TestTheEndOfAFaultInAnOldBundle is derived from its injection: such a bundle has
// neither Until nor Released.
func TestTheEndOfAFaultInAnOldBundle(t *testing.T) {
	b := fixture.Killed()
	b.Scenario = []byte(strings.Replace(string(b.Scenario),
		"  faults:\n    - name: kill-primary\n      at: 10s\n      kill: {target: primary of shard 0, signal: SIGKILL}\n",
		"  faults:\n    - name: hang\n      at: 10s\n      duration: 2s\n      pause: {target: primary of shard 0}\n      repeat: {times: 2, every: 8s}\n", 1))
	f := &b.Run.Faults[0]
	end := b.Run.Phases[len(b.Run.Phases)-1].To
	f.Name, f.Planned, f.Injected = "hang-2", end-fixture.MS(2100), end-fixture.MS(12)
	reasons := untimely(facts.New(b, own(t, b)))
	if len(reasons) != 2 || !strings.Contains(reasons[1], "fault hang-2 was not over when the timeline ended") {
		t.Errorf("reasons: %q", reasons)
	}
}

func TestALateUpgradeIsUndecided(t *testing.T) {
	b := fixture.Upgraded()
	for i := range b.Run.Upgrade.Forward.Steps {
		b.Run.Upgrade.Forward.Steps[i].Began += fixture.MS(6000)
	}
	s := Summary(facts.New(b, own(t, b)))
	if !slices.ContainsFunc(s.Reasons, func(r string) bool { return strings.HasPrefix(r, "the upgrade acted 6.01 s later than planned") }) {
		t.Errorf("reasons: %q", s.Reasons)
	}
	if s.Upgrade.Decision == results.Go {
		t.Error("the decision is go")
	}
}

// A move of slots that was not over when the timeline ended is no rehearsal of it.
func TestAMoveThatWasNotOver(t *testing.T) {
	for last, want := range map[int]string{199: "", 149: "fault kill-primary had moved 50 of 100 slots when the timeline ended"} {
		b := fixture.Killed()
		b.Run.Faults[0].Moved = &results.SlotMove{To: 1, Asked: results.SlotsOf(results.SlotRange{First: 100, Last: 199}), Slots: results.SlotsOf(results.SlotRange{First: 100, Last: last})}
		s := summary(t, b)
		if got := strings.Join(s.Reasons, "; "); want == "" && strings.Contains(got, "slots") || !strings.Contains(got, want) {
			t.Errorf("to %d: %q", last, got)
		}
	}
}
