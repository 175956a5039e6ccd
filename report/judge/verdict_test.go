package judge

import (
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// change makes a run another one.
type change func(b *results.Bundle, sc *scenarios.Scenario)

func statusOf(s results.FaultStatus) change {
	return func(b *results.Bundle, _ *scenarios.Scenario) {
		b.Run.Faults[0].Status, b.Run.Faults[0].Reason = s, "because"
	}
}

func missedFailover(_ *results.Bundle, sc *scenarios.Scenario) {
	for i, o := range sc.Objectives {
		if o.Metric == "failover.server" {
			sc.Objectives[i].Max = &scenarios.Bound{Text: "x", Value: 1}
		}
	}
}

// sentLate makes every request be sent 30 ms late.
func sentLate(b *results.Bundle, _ *scenarios.Scenario) { record(b, results.Slip, 30_000, 50) }

func slowReplies(b *results.Bundle, _ *scenarios.Scenario) { record(b, results.Response, 400_000, 1) }

func overflowIn(second int) change {
	return func(b *results.Bundle, _ *scenarios.Scenario) {
		b.Frames[second].Commands["GET"] = results.Counts{OK: 700, Overflow: 100}
	}
}

// thinLoad is a share, in percent, of the load of the steady state.
func thinLoad(share int) change {
	return func(b *results.Bundle, _ *scenarios.Scenario) {
		for s := 3; s < 13; s++ {
			b.Frames[s].Commands = map[string]results.Counts{"GET": {OK: share * 10}}
		}
	}
}

func interruptRun(b *results.Bundle, _ *scenarios.Scenario) { b.Run.Interrupted = "stopped by Ctrl-C" }

func sickBefore(b *results.Bundle, _ *scenarios.Scenario) { b.Run.HealthyBefore = false }

func sickAfter(b *results.Bundle, _ *scenarios.Scenario) { b.Run.HealthyAfter = false }

func unreadAudit(b *results.Bundle, _ *scenarios.Scenario) {
	b.Run.Audit.ReadBack, b.Run.Audit.Unread = 3400, "shard 1 did not answer"
}

// verdictCase is a run with changes and its verdict; first is how the first reason
// begins.
type verdictCase struct {
	name    string
	changes []change
	want    results.Verdict
	first   string
}

func verdicts() []verdictCase {
	return []verdictCase{
		{"all is well", nil, results.Pass, ""},

		{"objective missed", []change{missedFailover}, results.Fail, "objective missed: failover.server ≤ x, measured 3.00 s"},
		{"unhealthy after", []change{sickAfter}, results.Fail, "the cluster was not healthy when the run ended"},
		{"writes lost", []change{func(b *results.Bundle, _ *scenarios.Scenario) { b.Run.Audit.Lost = 6 }}, results.Fail, "objective missed: writes.lost"},
		{"writes altered", []change{func(b *results.Bundle, _ *scenarios.Scenario) { b.Run.Audit.Altered = 6 }}, results.Fail, "objective missed: writes.lost"},

		{"fault planned", []change{statusOf(results.StatusPlanned)}, results.Inconclusive, "fault kill-primary was never injected: because"},
		{"fault refused", []change{statusOf(results.StatusRefused)}, results.Inconclusive, "fault kill-primary was refused"},
		{"fault unproved", []change{statusOf(results.StatusUnproved)}, results.Inconclusive, "fault kill-primary could not be proved"},
		{"fault unhealed", []change{statusOf(results.StatusUnhealed)}, results.Inconclusive, "fault kill-primary was not healed"},
		{"fault of unknown status", []change{statusOf("")}, results.Inconclusive, "fault kill-primary has the unknown status"},
		{"audit unread", []change{unreadAudit}, results.Inconclusive, "the audit read back 3,400 of 3,500 writes: shard 1 did not answer"},
		{"audit missing", []change{func(b *results.Bundle, _ *scenarios.Scenario) { b.Run.Audit = nil }}, results.Inconclusive, "the audit has no result"},
		{"nothing to measure", []change{func(b *results.Bundle, _ *scenarios.Scenario) { b.Run.ClientOutages = nil }}, results.Inconclusive, "objective without an answer: failover.client"},

		{"interrupted", []change{interruptRun}, results.Inconclusive, "interrupted: stopped by Ctrl-C"},
		{"unhealthy before", []change{sickBefore}, results.Inconclusive, "the cluster was not healthy when the load began"},
		{"86 % of the rate", []change{thinLoad(86)}, results.Inconclusive, "the steady state reached 86 % of the intended rate of 1,000/s"},
		{"90 % of the rate", []change{thinLoad(90)}, results.Pass, ""},
		{"closed loop has no rate", []change{thinLoad(50), func(_ *results.Bundle, sc *scenarios.Scenario) { sc.Workload.Rate = scenarios.Rate{Max: true} }}, results.Pass, ""},
		{"too little load", []change{thinLoad(0)}, results.Inconclusive, "too little load before the first fault: 0 requests"},
		{"fault before any load", []change{func(b *results.Bundle, _ *scenarios.Scenario) { b.Run.Faults[0].Injected = fixture.MS(5100) }}, results.Inconclusive, "too little load before the first fault"},
		{"no timeline", []change{func(b *results.Bundle, _ *scenarios.Scenario) { b.Run.Phases = nil }}, results.Inconclusive, "the timeline never began"},
		{"frames missing", []change{func(b *results.Bundle, _ *scenarios.Scenario) { b.Frames = b.Frames[:36] }}, results.Inconclusive, "2 seconds of the timeline have no record"},
		{"frames of the second generator missing", []change{func(_ *results.Bundle, sc *scenarios.Scenario) { sc.Workload.Generators = 2 }}, results.Inconclusive, "35 seconds of the timeline have no record"},

		{"slip", []change{sentLate}, results.Invalid, "the load generator was the limit: 1 % of the requests were sent more than 30.0 ms late (allowed: 10.0 ms)"},
		{"slip that nothing turns on", []change{sentLate, slowReplies}, results.Fail, "objective missed: response.p99"},
		{"overflow while up", []change{overflowIn(5)}, results.Invalid, "100 of 24,000 requests were not sent"},
		{"overflow in the outage", []change{overflowIn(14)}, results.Pass, ""},
		{"overflow soon after the outage", []change{overflowIn(20)}, results.Pass, ""},
		{"overflow long after the outage", []change{overflowIn(30)}, results.Invalid, "100 of 24,000 requests were not sent, because maxInFlight (500) was reached"},
		{"refused writes that are there", []change{func(b *results.Bundle, _ *scenarios.Scenario) { b.Run.Audit.FailedKept = 1 }}, results.Invalid, "1 audited write that slotstorm recorded as refused is in the data"},

		{"interrupted before all", []change{sentLate, interruptRun, missedFailover, unreadAudit}, results.Inconclusive, "interrupted"},
		{"interrupted before missed", []change{interruptRun, missedFailover}, results.Inconclusive, "interrupted"},
		{"unhealthy before before missed", []change{sickBefore, missedFailover}, results.Inconclusive, "the cluster was not healthy when the load began"},
		{"missed before unproved", []change{statusOf(results.StatusUnproved), missedFailover}, results.Fail, "objective missed"},
		{"missed before unread", []change{unreadAudit, missedFailover}, results.Fail, "objective missed"},
	}
}

// TestVerdict is the truth table: causes of each level, alone and together.
func TestVerdict(t *testing.T) {
	for _, tt := range verdicts() {
		t.Run(tt.name, func(t *testing.T) {
			b, sc := fixture.Killed(), fixture.Scenario(t)
			for _, c := range tt.changes {
				c(b, sc)
			}
			s := Summary(facts.New(b, sc))
			if s.Verdict != tt.want {
				t.Errorf("verdict %s, want %s: %q", s.Verdict, tt.want, s.Reasons)
			}
			reason := strings.Join(s.Reasons, "\n")
			if tt.first == "" && reason != "" || !strings.HasPrefix(reason, tt.first) {
				t.Errorf("reasons %q, want the first to begin with %q", s.Reasons, tt.first)
			}
		})
	}
}

// record adds to every second's histogram as many of the value as it holds,
// times the factor.
func record(b *results.Bundle, kind results.Time, us, factor int64) {
	for n, i := range b.Intervals {
		if i.Time == kind {
			h := results.NewHistogram()
			h.Merge(i.Histogram)
			h.RecordValues(us, factor*h.TotalCount())
			b.Intervals[n].Histogram = h
		}
	}
}

// TestMissingEndCannotPass: what had not ended when observation did is at least
// as long as was seen. It can fail a bound, and never meets one.
func TestMissingEndCannotPass(t *testing.T) {
	b := fixture.Killed()
	b.Run.ClientOutages[0].To, b.Run.ClientOutages[0].Open = fixture.MS(22000), true
	for limit, want := range map[float64]results.Verdict{10: results.Inconclusive, 6: results.Fail} {
		sc := fixture.Scenario(t)
		sc.Objectives = []scenarios.Objective{{Metric: "failover.client", Max: &scenarios.Bound{Text: "x", Value: limit}}}
		o := Summary(facts.New(b, sc)).Objectives[0]
		if o.Result != want || o.Shown != "> 7.00 s" {
			t.Errorf("bound %v s: %s, shown %s", limit, o.Result, o.Shown)
		}
	}
}

func TestWarnsOfDrift(t *testing.T) {
	b := fixture.Killed()
	b.Run.ProbeOutages[0].From = fixture.MS(14895) // 3111 ms of outage, 3004 ms of steps
	var found bool
	for _, w := range summary(t, b).Warnings {
		found = found || strings.Contains(w, "its steps add up to 3.00 s, the probe saw an outage of 3.11 s: they differ by 107 ms")
	}
	if !found {
		t.Errorf("no warning of drift in %q", summary(t, b).Warnings)
	}
}

func TestUnobserved(t *testing.T) {
	b := fixture.Quiet()
	for i := range b.Frames {
		b.Frames[i].Probes = nil
	}
	s := summary(t, b)
	if s.Availability.Observed != 0 {
		t.Errorf("observed %s without a probe", s.Availability.Observed)
	}
	if !slices.Contains(s.Warnings, "no probe ran: outages were not measured") {
		t.Errorf("warnings %q", s.Warnings)
	}
	for _, o := range s.Objectives {
		if o.Metric == "outage.shard" && (o.Result != results.Inconclusive || o.Value != nil) {
			t.Errorf("%+v", o)
		}
	}
}
