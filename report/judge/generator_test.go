package judge

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// lateness is a record of ten seconds at 1000/s in which requests take 20 ms,
// and each delay the times given for one second: from is the first late one.
func lateness(d results.Delay, late time.Duration, from int) *GeneratorRecord {
	g := NewGeneratorRecord(scenarios.Workload{MaxSlip: scenarios.Duration(10 * time.Millisecond)})
	for s := range 10 {
		completed := 1000
		if s >= from {
			completed = 400
		}
		g.Frame(results.Frame{Seq: s, Completed: completed, Commands: map[string]results.Counts{"GET": {OK: 1000}},
			Self: &results.Self{CPU: fixture.MS(100), Cores: 2, Paused: fixture.MS(20)}})
		response, slip, own := results.NewHistogram(), results.NewHistogram(), results.NewHistogram()
		for range 1000 {
			response.RecordValue(20_000)
			slip.RecordValue(50)
			own.RecordValue(50)
		}
		if s >= from {
			own.RecordValues(late.Microseconds(), 500)
		}
		g.Time(results.Response, s, response)
		if d == "slip" {
			g.Time(results.Slip, s, own)
		} else {
			g.Time(results.Slip, s, slip)
			g.Delay(d, s, own)
		}
	}
	return g
}

// hungry is a record of a closed loop of ten seconds in which the threads got a tenth of the
// processor time that they wanted, in waits too short for any p99.
func hungry(waited time.Duration, closed bool) *GeneratorRecord {
	g := lateness(results.Starved, 5*time.Millisecond, 10)
	g.closed = closed
	for s := range 10 {
		g.Frame(results.Frame{Seq: s, Self: &results.Self{Cores: 2, Starved: results.DurationOf(waited / 10)}})
	}
	return g
}

func TestTheGeneratorIsJudged(t *testing.T) {
	for _, tc := range []struct {
		name    string
		record  *GeneratorRecord
		reason  string // "" is valid
		carried float64
		from    string
	}{
		{"punctual", lateness("slip", 9*time.Millisecond, 5), "", 0, ""},
		{"late in sending", lateness("slip", 30*time.Millisecond, 5), "1 % of the requests were sent more than 30.0 ms late (allowed: 10.0 ms)", 1000, "the generator kept up with at most 1,000/s (best second without lateness)"},
		{"late all the time", lateness("slip", 30*time.Millisecond, 0), "1 % of the requests were sent", 400, "late in every second; it completed 400/s on average"},
		{"without a processor", lateness(results.Starved, 30*time.Millisecond, 5), "in 1 % of the samples its threads waited more than 30.0 ms for a CPU", 1000, "without lateness"},
		{"without a processor most of the time", hungry(9*time.Second, true), "its threads waited for a CPU during 90 % of the time in which they were ready to run (allowed: 75 %)", 1000, "without lateness"},
		{"without a processor for a part of the time", hungry(2500*time.Millisecond, true), "", 0, ""},
		{"without a processor most of the time, and punctual", hungry(9*time.Second, false), "", 0, ""},
		{"little used, and mostly waiting", hungry(900*time.Millisecond, true), "", 0, ""},
		{"late in waking", lateness(results.Wake, 30*time.Millisecond, 5), "1 % of the waits of its event loops ended more than 30.0 ms late", 1000, "without lateness"},
		{"scheduled late", lateness(results.Sched, 30*time.Millisecond, 5), "in 1 % of the samples its goroutines were ready for more than 30.0 ms before they ran", 1000, "without lateness"},
		{"in pauses", lateness(results.GC, 30*time.Millisecond, 5), "garbage collection stopped it for 2 % of the time (allowed: 1 %)", 1000, "without lateness"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := tc.record.Judge(10 * time.Second)
			if g.Valid != (tc.reason == "") || g.Carried != tc.carried || !strings.Contains(g.CarriedFrom, tc.from) {
				t.Fatalf("%+v", g)
			}
			if why := LimitReason(g); !strings.Contains(why, tc.reason) || !g.Valid && !strings.HasPrefix(why, "the load generator was the limit: ") {
				t.Errorf("reason %q, want %q", why, tc.reason)
			}
			if g.PerRequest != fixture.MS(0.1) || g.CPU != 0.1 {
				t.Errorf("%v by request, %v CPU", g.PerRequest, g.CPU)
			}
		})
	}
	if g := NewGeneratorRecord(scenarios.Workload{}).Judge(time.Second); g != nil {
		t.Errorf("of nothing: %+v", g)
	}
}

// A scenario may bear with more, or with less.
func TestAScenarioSaysHowLateTheGeneratorMayBe(t *testing.T) {
	for allowed, valid := range map[time.Duration]bool{15 * time.Millisecond: false, 50 * time.Millisecond: true} {
		g := lateness("slip", 30*time.Millisecond, 5)
		g.allowed = allowed
		if r := g.Judge(10 * time.Second); r.Valid != valid || r.Checks[0].Allowed != results.DurationOf(allowed) {
			t.Errorf("with %v: %+v", allowed, r)
		}
	}
}

// A delay that is allowed and yet half of the tail is mentioned.
func TestANoticeableDelayIsTold(t *testing.T) {
	g := lateness(results.Starved, 8*time.Millisecond, 5).Judge(10 * time.Second)
	want := "the load generator may have caused part of the slowest response times: the p99 of waits for a CPU is 8.00 ms, within the limit of 10.0 ms, but more than 10 % of the p99 of the response time, 20.0 ms"
	if text := GeneratorNotice(g, fixture.MS(20)); text != want {
		t.Errorf("%q, want %q", text, want)
	}
	if text := GeneratorNotice(g, fixture.MS(200)); text != "" {
		t.Errorf("%q", text)
	}
}

// An objective that only the generator's own lateness made miss is no slow
// server, whether its bound is a value or relative to a baseline.
func TestAMissOfTheGeneratorsOwnIsInvalid(t *testing.T) {
	b := fixture.Quiet()
	for i := range b.Intervals {
		if x := &b.Intervals[i]; x.Command == "GET" && x.Second >= 3 && x.Second < 13 && x.Time != results.Service {
			h := results.NewHistogram()
			h.Merge(x.Histogram)
			own := int64(9_500) // late in sending, just within what is allowed
			if x.Time == results.Response {
				own = 21_000
			}
			h.RecordValues(own, 20)
			x.Histogram = h
		}
	}
	for _, bound := range []string{"", "baseline+20%"} {
		if bound != "" {
			sc := with(t, b, "  - {metric: response.p99, command: GET, phase: steady, max: "+bound+"}\n")
			base, err := Baseline(sc, []*results.Bundle{fixture.Quiet()})
			if err != nil {
				t.Fatal(err)
			}
			base.Values[slices.Collect(maps.Keys(base.Values))[0]] = results.BaselineValue{Value: 0.0165, N: 3}
			b.Run.Baseline = base
		}
		s, err := Analyze(b)
		if err != nil {
			t.Fatal(err)
		}
		if s.Verdict != results.Invalid || !strings.Contains(s.Reasons[0], "of which up to 9.50 ms is the lateness of its sends") {
			t.Errorf("%s %s: %q", bound, s.Verdict, s.Reasons)
		}
	}
}
