package compare

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

func TestCompareFindsWhatIsThere(t *testing.T) {
	for _, tt := range []struct {
		name   string
		n      int
		factor float64
		want   Answer
		p50    Answer
	}{
		{"the same", 6, 1, Same, Same},
		{"10 % slower", 6, 1.10, Worse, Worse},
		{"10 % faster", 6, 0.90, Better, Better},
		{"2 % slower, which does not matter", 6, 1.02, Same, Same},
		{"far slower, but too few runs", 3, 2, Few, Few},
		{"one run each", 1, 2, Few, Few},
		{"one run each, all the same", 1, 1, Few, Few},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Compare(set(t, "old", fixture.Nights(0, tt.n, 1, fixture.Quiet, nil)), set(t, "new", fixture.Nights(1, tt.n, tt.factor, fixture.Quiet, nil)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			p50 := find(t, c, "response.p50 in steady")
			if c.Answer != tt.want || p50.Answer != tt.p50 || !p50.Judged {
				t.Errorf("answer %q, p50 %+v; want %q and %q", c.Answer, p50, tt.want, tt.p50)
			}
			if p50.Low != nil && (*p50.Low > p50.Shift || *p50.High < p50.Shift) {
				t.Errorf("the shift %v is not in its interval %v to %v", p50.Shift, *p50.Low, *p50.High)
			}
		})
	}
}

// TestPooledPercentilesAreMerged: a run of few requests weighs as much as its
// requests, which no mean of percentiles would give.
func TestPooledPercentilesAreMerged(t *testing.T) {
	slow := fixture.Night(2, 10, fixture.Quiet)
	slow.Intervals = slices.DeleteFunc(slow.Intervals, func(v results.Interval) bool { return v.Second > 3 })
	a := NewRuns("a")
	for _, b := range []*results.Bundle{fixture.Night(0, 1, fixture.Quiet), fixture.Night(1, 1, fixture.Quiet), slow} {
		if err := a.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Compare(a, set(t, "b", fixture.Nights(5, 3, 1, fixture.Quiet, nil)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := find(t, c, "response.p50")
	if *d.PooledA > 1.05*d.ValuesA[0] {
		t.Errorf("pooled p50 %v of runs with %v: the slow run has 1/70 of the requests", *d.PooledA, d.ValuesA)
	}
}

func TestFailoversAreComparedOneByOne(t *testing.T) {
	c, err := Compare(set(t, "a", fixture.Nights(0, 4, 1, fixture.Repeated, nil)), set(t, "b", fixture.Nights(1, 4, 1, fixture.Repeated, nil)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := find(t, c, "failover.server")
	if d.A.N != 12 || !d.Judged || d.Answer == Worse || d.Answer == Better {
		t.Errorf("four runs with three failovers each: %+v", d)
	}
	if find(t, c, "failover.election").A.N != 12 {
		t.Error("the steps of failovers are not compared")
	}
}

func TestLossesAreCompared(t *testing.T) {
	c, err := Compare(set(t, "a", fixture.Nights(0, 6, 1, fixture.Killed, nil)), set(t, "b", fixture.Nights(1, 6, 1, fixture.Killed, func(b *results.Bundle) { b.Run.Audit.Lost = 40 })), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := find(t, c, "writes.lost"); d.Answer != Worse || c.Answer != Worse || !c.Regressed() {
		t.Errorf("40 writes lost in each run: %q, %+v", c.Answer, d)
	}
}

func TestIncomparableRunsAreRefused(t *testing.T) {
	rate := func(b *results.Bundle) {
		b.Run.Scenario = json.RawMessage(`{"redis": {"shards": 3}, "workload": {"rate": 2000}}`)
	}
	for _, tt := range []struct {
		name   string
		change func(*results.Bundle)
		says   string
	}{
		{"another load", rate, "workload.rate is 1000 and 2000"},
		{"another machine", func(b *results.Bundle) { b.Run.Environment.CPUs = 64 }, "machine.cpus is 2 and 64"},
		{"invalid", func(b *results.Bundle) { b.Run.HealthyBefore = false }, "no run of b can be used"},
		{"mixed", func(b *results.Bundle) {
			if b.Run.Seed == 1 {
				b.Run.Versions.Server.Version = "8.0.0"
			}
		}, "b is not one thing measured again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := set(t, "a", fixture.Nights(0, 4, 1, fixture.Quiet, nil)), set(t, "b", fixture.Nights(1, 4, 1, fixture.Quiet, tt.change))
			_, err := Compare(a, b, Options{})
			var refused *NotComparable
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("error %v, want one that says %q", err, tt.says)
			}
			c, err := Compare(a, b, Options{Force: true})
			if refused.Unusable {
				if err == nil {
					t.Error("runs without figures were compared by force")
				}
				return
			}
			if err != nil || !strings.Contains(strings.Join(c.Warnings, "\n"), tt.says) {
				t.Errorf("by force: %v, %+v", err, c)
			}
		})
	}
}

func TestVersionsAreASubject(t *testing.T) {
	c, err := Compare(set(t, "a", fixture.Nights(0, 4, 1, fixture.Quiet, nil)), set(t, "b", fixture.Nights(1, 4, 1, fixture.Quiet, func(b *results.Bundle) { b.Run.Versions.Server.Version = "8.0.0" })), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []facts.Difference{{What: "versions.server", A: "Redis 7.0.15", B: "Redis 8.0.0"}}; !slices.Equal(c.Differs, want) {
		t.Errorf("differs: %+v", c.Differs)
	}
}

func TestTurnsAreNoticed(t *testing.T) {
	a, b := set(t, "a", fixture.Nights(0, 4, 1, fixture.Quiet, nil)), set(t, "b", fixture.Nights(100, 4, 1, fixture.Quiet, nil))
	if d := apart(a, b); d != 100*24*time.Hour {
		t.Errorf("two sides 100 days apart: %s", d)
	}
	if d := apart(a, set(t, "b", fixture.Nights(1, 4, 1, fixture.Quiet, nil))); d != 0 {
		t.Errorf("sides that took turns are %s apart", d)
	}
}

func TestThresholdsAndMetrics(t *testing.T) {
	a, b := set(t, "a", fixture.Nights(0, 6, 1, fixture.Quiet, nil)), set(t, "b", fixture.Nights(1, 6, 1.10, fixture.Quiet, nil))
	c, err := Compare(a, b, Options{Thresholds: map[string]float64{"": 0.5}})
	if err != nil || c.Answer != Same {
		t.Errorf("10 %% where 50 %% matters: %v, %+v", err, c)
	}
	c, err = Compare(a, b, Options{Judged: []FigureID{{"throughput", results.All, results.All}}})
	if err != nil || c.Answer != Same || find(t, c, "response.p50").Judged {
		t.Errorf("throughput alone: %v, %q", err, c.Answer)
	}
	if _, err := Compare(a, b, Options{Judged: []FigureID{{"writes.stale", results.All, results.All}}}); err == nil {
		t.Error("a figure that is nowhere decided a comparison")
	}
	for _, d := range c.Figures {
		if !d.Judged && d.Adjusted < d.P {
			t.Errorf("%s: p %v was corrected to %v", d, d.P, d.Adjusted)
		}
	}
}

// TestAlikeRunsRarelyDiffer compares pairs of alike sets; how often statistics are
// wrong, package statistics tests.
func TestAlikeRunsRarelyDiffer(t *testing.T) {
	alarms := 0
	for i := range 8 {
		c, err := Compare(set(t, "a", fixture.Nights(100*i, 6, 1, fixture.Quiet, nil)), set(t, "b", fixture.Nights(100*i+1, 6, 1, fixture.Quiet, nil)), Options{Thresholds: map[string]float64{"": 0}})
		if err != nil {
			t.Fatal(err)
		}
		if c.Answer != Same && c.Answer != Noisy {
			alarms++
		}
	}
	// At 5 % three or more have a chance of 0.6 %.
	if alarms > 2 {
		t.Errorf("%d of 8 comparisons of alike runs found a difference", alarms)
	}
}

// TestTooFewRunsForSeveralFigures: with four runs a side the least possible p is 0.029,
// and of three figures one has to be below 0.05 / 3. Two are one too many, too.
func TestTooFewRunsForSeveralFigures(t *testing.T) {
	judged := []FigureID{
		{Metric: "response.p50", Command: results.All, Phase: results.All},
		{Metric: "service.p50", Command: results.All, Phase: results.All},
		{Metric: "response.mean", Command: results.All, Phase: results.All},
	}
	for _, tt := range []struct {
		runs, figures int
		want          Answer
		says          string
	}{
		{4, 3, Few, "4 against 4 values cannot show a difference beside the other figures (the least possible p is 0.029, and it has to be below 0.017); 5 on each side can"},
		{4, 2, Few, "5 on each side can"},
		{4, 1, Worse, "worse: response.p50"},
		{3, 1, Few, "3 against 3 values cannot show a difference; 4 on each side can"},
		{5, 3, Worse, "worse: response.p50"},
	} {
		a, b := set(t, "a", fixture.Nights(0, tt.runs, 1, fixture.Quiet, nil)), set(t, "b", fixture.Nights(1, tt.runs, 1.5, fixture.Quiet, nil))
		c, err := Compare(a, b, Options{Judged: judged[:tt.figures], Thresholds: map[string]float64{"": 0.1}})
		if err != nil {
			t.Fatal(err)
		}
		if c.Answer != tt.want || c.Blind() != (tt.want == Few) || !strings.Contains(strings.Join(c.Reasons, "\n"), tt.says) {
			t.Errorf("%d runs a side, %d figures: %q, blind %v, %v", tt.runs, tt.figures, c.Answer, c.Blind(), c.Reasons)
		}
		for _, d := range c.Figures {
			if d.Answer == Few && d.Judged && d.Detectable != nil {
				t.Errorf("%s shows nothing and would show %v", d, *d.Detectable)
			}
		}
	}
}

// TestTooFewDistinctValues: six runs suffice, but not if five of six values are equal.
func TestTooFewDistinctValues(t *testing.T) {
	lost := 0
	c, err := Compare(set(t, "a", fixture.Nights(0, 6, 1, fixture.Killed, nil)), set(t, "b", fixture.Nights(1, 6, 1, fixture.Killed, func(b *results.Bundle) {
		if lost++; lost == 6 {
			b.Run.Audit.Lost += 100
		}
	})), Options{Judged: []FigureID{{Metric: "writes.lost"}}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Answer != Few || !strings.Contains(c.Reasons[0], "too many of them are equal") {
		t.Errorf("%q: %v", c.Answer, c.Reasons)
	}
}

// TestFewDistinctValuesThatDoNotMatter: a single failed request among twelve runs cannot be
// shown to be a difference, and would not matter.
func TestFewDistinctValuesThatDoNotMatter(t *testing.T) {
	runs := 0
	c, err := Compare(set(t, "a", fixture.Nights(0, 6, 1, fixture.Killed, nil)), set(t, "b", fixture.Nights(1, 6, 1, fixture.Killed, func(b *results.Bundle) {
		if runs++; runs == 6 {
			b.Run.Audit.Lost++
		}
	})), Options{Judged: []FigureID{{Metric: "writes.lost"}}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Answer != Same || c.Blind() {
		t.Errorf("%q: %v", c.Answer, c.Reasons)
	}
}

// TestThresholdBelowTheUsualFloor: a share that the user states counts for times that are
// shorter than what matters by default.
func TestThresholdBelowTheUsualFloor(t *testing.T) {
	p50 := FigureID{Metric: "response.p50", Command: results.All, Phase: results.All}
	for name, want := range map[string]struct {
		share  float64
		answer Answer
	}{"": {0.005, Worse}, "response.p50": {0.005, Worse}, "response.p99": {0.005, Same}} {
		a, b := set(t, "a", fixture.Nights(0, 6, 1, fixture.Quiet, nil)), set(t, "b", fixture.Nights(1, 6, 1.02, fixture.Quiet, nil))
		c, err := Compare(a, b, Options{Judged: []FigureID{p50}, Thresholds: map[string]float64{name: want.share}})
		if err != nil {
			t.Fatal(err)
		}
		if c.Answer != want.answer {
			t.Errorf("threshold of %q: %q, want %q: p50 %+v, threshold %g", name, c.Answer, want.answer, c.Figures[0].Comparison, c.Figures[0].Threshold)
		}
	}
}

// TestFailoversWithoutAnEnd: a failover that did not end counts with the time that it was
// watched, and never makes its side the better one.
func TestFailoversWithoutAnEnd(t *testing.T) {
	server := FigureID{Metric: "failover.server"}
	side := func(name string, atLeast int, values ...float64) *Runs {
		r := NewRuns(name)
		r.order, r.figures[server] = []FigureID{server}, &Figure{FigureID: server, Unit: results.UnitDuration, Better: "lower", Values: values, AtLeast: atLeast}
		return r
	}
	fast, slow := []float64{2, 2.1, 2.2, 2.3, 2.4, 2.5}, []float64{20, 21, 22, 23, 24, 25}
	for name, tt := range map[string]struct {
		a, b *Runs
		want Answer
	}{
		"ended":                          {side("a", 0, fast...), side("b", 0, slow...), Worse},
		"the slower side did not end":    {side("a", 0, fast...), side("b", 3, slow...), Worse},
		"the faster side did not end":    {side("a", 1, fast...), side("b", 0, slow...), Open},
		"better, the slower did not end": {side("a", 2, slow...), side("b", 0, fast...), Better},
		"better, the faster did not end": {side("a", 0, slow...), side("b", 2, fast...), Open},
		"alike, one did not end":         {side("a", 0, fast...), side("b", 1, fast...), Open},
		"one side has none":              {side("a", 0, fast...), NewRuns("b"), Open},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Comparison{Figures: deltas(tt.a, tt.b, Options{}), OneSided: append(onlyIn("A", tt.a, tt.b), onlyIn("B", tt.b, tt.a)...)}
			if err := c.judge(); err != nil {
				t.Fatal(err)
			}
			if c.Answer != tt.want {
				t.Errorf("%q, want %q: %v", c.Answer, tt.want, c.Reasons)
			}
			if open := tt.want == Open; c.Blind() != open || open && (len(c.Reasons) == 0 || c.Advice() == "") {
				t.Errorf("blind %v, reasons %v, advice %q", c.Blind(), c.Reasons, c.Advice())
			}
		})
	}
}

// A figure that the user names is compared, or the error says what is like it.
func TestNamedFigureMustBeMeasured(t *testing.T) {
	a, b := set(t, "a", fixture.Nights(0, 4, 1, fixture.Quiet, nil)), set(t, "b", fixture.Nights(1, 4, 1, fixture.Quiet, nil))
	known := FigureID{Metric: "response.p99", Command: results.All, Phase: results.All}
	for _, id := range []FigureID{{"response.p99", "GTE", results.All}, {"response.p99", results.All, "stedy"}, {Metric: "failover.server"}} {
		_, err := Compare(a, b, Options{Judged: []FigureID{known, id}, Force: true})
		var unmeasured *Unmeasured
		if !errors.As(err, &unmeasured) || unmeasured.FigureID != id || err.Error() != id.String()+" was not measured on both sides" {
			t.Fatalf("%v: %v", id, err)
		}
		if has := slices.Contains(unmeasured.Others, known); has != (id.Metric == known.Metric) {
			t.Errorf("%v: the others are %v", id, unmeasured.Others)
		}
	}
}

// TestPlainAmounts: differences have no exponent, and large counts no missing digits.
func TestPlainAmounts(t *testing.T) {
	for _, tt := range []struct {
		unit results.Unit
		v    float64
		want string
	}{
		{results.UnitCount, 1230, "1,230"}, {results.UnitCount, 1234567, "1,234,567"}, {results.UnitCount, 0.5, "0.5"},
		{results.UnitCount, 12.5, "12.5"}, {results.UnitCount, 0, "0"}, {results.UnitCount, 1, "1"}, {results.UnitCount, 0.1, "0.1"},
		{results.UnitRatio, 0.001, "0.1 points"}, {results.UnitRatio, 0.0000001, "0.00001 points"},
		{results.UnitRatio, 0.29, "29 points"}, {results.UnitRatio, 0.123456, "12.3 points"}, {results.UnitRatio, 20, "2000 points"},
	} {
		if got := plainAmount(tt.unit, tt.v); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.v, got, tt.want)
		}
	}
}
