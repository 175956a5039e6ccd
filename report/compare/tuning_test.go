package compare

import (
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// TestJudgeTimeout: a killed node is no false failover, one that works is, and a run that shows
// neither decides nothing.
func TestJudgeTimeout(t *testing.T) {
	second := results.DurationOf(time.Second)
	for _, tt := range []struct {
		name   string
		change func(*results.Bundle)
		want   TimeoutOutcome
		why    string
	}{
		{"a kill", func(*results.Bundle) {}, Quiet, ""},
		{"a mark without a cause", func(b *results.Bundle) {
			b.Events = append([]results.Event{{Offset: b.Run.LoadStart + second, Kind: results.EventFail, Source: "log", Node: "node-0", About: "node-1"}}, b.Events...)
		}, Falsely, "node-1 was marked FAIL after 1.00 s"},
		{"a mark before the load", func(b *results.Bundle) {
			b.Events = append([]results.Event{{Offset: b.Run.LoadStart - second, Kind: results.EventFail, Source: "log", Node: "node-0", About: "node-1"}}, b.Events...)
		}, Quiet, ""},
		{"a sick cluster", func(b *results.Bundle) { b.Run.HealthyBefore = false }, Undecided, "not healthy"},
		{"no proof", func(b *results.Bundle) { b.Run.Faults[0].Status = results.StatusUnproved }, Undecided, "was unproved"},
		{"a network without proof", func(b *results.Bundle) {
			b.Run.Network = []results.Fault{{Name: "a-b", Status: results.StatusUnproved, Reason: "late"}}
		}, Undecided, "a-b was unproved: late"},
		{"a condition from the start on", func(b *results.Bundle) { condition(b, second) }, Quiet, ""},
		{"a condition that came late", func(b *results.Bundle) { condition(b, 25*second) }, Undecided, "exposed to the condition for 10.0 s only"},
		{"interrupted", func(b *results.Bundle) { b.Run.Interrupted = "by Ctrl-C" }, Undecided, "by Ctrl-C"},
	} {
		b := fixture.Killed()
		b.Run.LoadStart = 2 * second
		tt.change(b)
		r, err := JudgeTimeout(b)
		if err != nil || r.Outcome != tt.want || !strings.Contains(r.Why, tt.why) || (r.Why == "") != (tt.why == "") {
			t.Errorf("%s: %v, %q because %q, want %q because %q", tt.name, err, r.Outcome, r.Why, tt.want, tt.why)
		}
	}
}

// condition adds one that was planned from the start of the timeline, and acted later.
func condition(b *results.Bundle, after results.Duration) {
	start := b.Run.TimelineStart
	b.Run.Faults = append(b.Run.Faults, results.Fault{Name: "delay", Status: results.StatusHealed, Traits: results.Traits{Lasts: true}, Planned: start, Injected: start + after/2, Proved: start + after})
}

// Time before the nodes were exposed to the condition shows nothing.
func TestWatchedIsTheTimeOfTheCondition(t *testing.T) {
	b := fixture.Killed()
	condition(b, results.DurationOf(2*time.Second))
	r, err := JudgeTimeout(b)
	if want := b.Run.LoadEnd - b.Run.TimelineStart - results.DurationOf(2*time.Second); err != nil || r.Watched != want {
		t.Errorf("%v, want %v: %v", r.Watched, want, err)
	}
}

// Without a run that decided anything, nothing is said of timeouts.
func TestTuningWithoutADecision(t *testing.T) {
	open := Tuning{Repeat: 1, Steps: []TimeoutStep{{Timeout: results.DurationOf(time.Second), Outcome: Undecided}}}
	if text := strings.Join(open.Sentences(), "; "); !strings.Contains(text, "is open: no run decided it") || strings.Contains(text, "no timeout was found") {
		t.Error(text)
	}
}

func TestJudgeKill(t *testing.T) {
	b := fixture.Killed()
	k, err := JudgeKill(b, 2*time.Second)
	if err != nil || k.Server <= 0 || k.PredictedMax <= k.PredictedMin || k.Why != "" {
		t.Errorf("%v: %+v", err, k)
	}
	b.Run.Faults[0].Status = results.StatusUnproved
	if k, err := JudgeKill(b, 2*time.Second); err != nil || !strings.Contains(k.Why, "unproved") {
		t.Errorf("%v: %+v", err, k)
	}
}

// TestRare is the rule of three: of the quiet runs alone.
func TestRare(t *testing.T) {
	run := func(o TimeoutOutcome) TimeoutRun {
		return TimeoutRun{Outcome: o, Watched: results.DurationOf(30 * time.Second)}
	}
	s := TimeoutStep{Runs: []TimeoutRun{run(Quiet), run(Quiet), run(Undecided), run(Falsely)}}
	if got := s.Rare(); s.Watched() != time.Minute || got < 20*time.Second || got > 20100*time.Millisecond {
		t.Errorf("%v in %v", got, s.Watched())
	}
}

// TestSentences: nothing is said that was not found.
func TestSentences(t *testing.T) {
	ms := func(n int) results.Duration { return results.DurationOf(time.Duration(n) * time.Millisecond) }
	quiet := TimeoutStep{Timeout: ms(1000), Outcome: Quiet, Runs: []TimeoutRun{{Outcome: Quiet, Watched: ms(60_000)}}}
	bad := TimeoutStep{Timeout: ms(500), Outcome: Falsely, Runs: []TimeoutRun{{Outcome: Falsely, Why: "node-1 was marked FAIL"}}}
	for _, tt := range []struct {
		name      string
		t         Tuning
		says, not []string
	}{
		{"found", Tuning{Repeat: 1, Lowest: ms(1000), Falsely: ms(500), Steps: []TimeoutStep{bad, quiet}, Kills: []TimeoutKill{{Timeout: ms(1000), Server: ms(1900)}}},
			[]string{"cluster-node-timeout 1000 is the lowest", "1 run, 60.0 s in all", "at 500 ms: node-1 was marked FAIL", "takes 1.90 s"}, []string{"not finished", "a lower one may do"}},
		{"the end of the ladder", Tuning{Repeat: 1, Lowest: ms(1000), Steps: []TimeoutStep{quiet}}, []string{"a lower one may do"}, []string{"a failover takes", "at 500 ms"}},
		{"none", Tuning{Steps: []TimeoutStep{bad}}, []string{"no timeout was found without a false failover; the highest that was tried is 500 ms"}, []string{"the lowest on the ladder", "95 %"}},
		{"nothing tried", Tuning{Unfinished: "--time 1s is over"}, []string{"not finished: --time 1s is over"}, []string{"the highest"}},
	} {
		text := strings.Join(tt.t.Sentences(), "\n")
		for _, part := range tt.says {
			if !strings.Contains(text, part) {
				t.Errorf("%s: there is no %q in %q", tt.name, part, text)
			}
		}
		for _, part := range tt.not {
			if strings.Contains(text, part) {
				t.Errorf("%s: there is %q in %q", tt.name, part, text)
			}
		}
	}
}
