package judge

import (
	"math"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func limit(text string, v float64) *scenarios.Bound { return &scenarios.Bound{Text: text, Value: v} }

func TestObjectives(t *testing.T) {
	cases := []struct {
		o      scenarios.Objective
		name   string
		shown  string
		result results.Verdict
		margin float64 // NaN: none
	}{
		{scenarios.Objective{Metric: "throughput", Phase: "failure", Min: limit("800/s", 800)},
			"throughput in failure ≥ 800/s", "867/s", results.Pass, 866.667/800 - 1},
		{scenarios.Objective{Metric: "throughput", Command: "SET", Min: limit("190", 190), Max: limit("210", 210)},
			"throughput SET ≥ 190, ≤ 210", "189/s", results.Fail, 6600.0/35/190 - 1},
		{scenarios.Objective{Metric: "availability", Min: limit("95%", 0.95)},
			"availability ≥ 95%", "94.285 %", results.Fail, (33000.0/35000 - 0.95) / 0.95},
		{scenarios.Objective{Metric: "outage.shard", Max: limit("4s", 4)},
			"outage.shard ≤ 4s", "3.01 s", results.Pass, (4 - 3.007) / 4},
		{scenarios.Objective{Metric: "outage.any", Max: limit("3s", 3)},
			"outage.any ≤ 3s", "3.06 s", results.Fail, (3 - 3.056) / 3},
		{scenarios.Objective{Metric: "outage.all", Max: limit("0s", 0)},
			"outage.all ≤ 0s", "656 ms", results.Fail, math.NaN()},
		{scenarios.Objective{Metric: "failover.server", Max: limit("3004ms", 3.004)},
			"failover.server ≤ 3004ms", "3.00 s", results.Pass, 0},
		{scenarios.Objective{Metric: "failover.client", Max: limit("4s", 4)},
			"failover.client ≤ 4s", "4.25 s", results.Fail, (4 - 4.248) / 4},
		{scenarios.Objective{Metric: "failovers", Min: limit("1", 1), Max: limit("1", 1)},
			"failovers ≥ 1, ≤ 1", "1", results.Pass, 0},
		{scenarios.Objective{Metric: "writes.lost", Max: limit("0", 0)},
			"writes.lost ≤ 0", "0", results.Pass, math.NaN()},
		{scenarios.Objective{Metric: "response.p99", Command: "DEL", Max: limit("1s", 1)},
			"response.p99 DEL ≤ 1s", "not measured", results.Inconclusive, math.NaN()},
		{scenarios.Objective{Metric: "throughput", Phase: "nowhere", Max: limit("1", 1)},
			"throughput in nowhere ≤ 1", "not measured", results.Inconclusive, math.NaN()},
	}
	sc := fixture.Scenario(t)
	sc.Objectives = nil
	for _, tt := range cases {
		sc.Objectives = append(sc.Objectives, tt.o)
	}
	for i, o := range Summary(facts.New(fixture.Killed(), sc)).Objectives {
		tt := cases[i]
		if o.Name != tt.name || o.Shown != tt.shown || o.Result != tt.result || o.Evidence == "" {
			t.Errorf("%s: %+v, want %q, %s, %s", tt.o.Metric, o, tt.name, tt.shown, tt.result)
		}
		if (o.Margin == nil) != math.IsNaN(tt.margin) || (o.Margin != nil && math.Abs(*o.Margin-tt.margin) > 1e-6) {
			t.Errorf("%s: margin %v, want %v", tt.name, o.Margin, tt.margin)
		}
	}
}

// TestEveryMetric makes sure that no metric of the language is forgotten here.
func TestEveryMetric(t *testing.T) {
	sc := fixture.Scenario(t)
	sc.Objectives = nil
	for _, m := range metrics.All() {
		sc.Objectives = append(sc.Objectives, scenarios.Objective{Metric: m.Name, Max: limit("x", 1e9)})
	}
	for _, o := range Summary(facts.New(fixture.Killed(), sc)).Objectives {
		if o.Value == nil || o.Result != results.Pass || o.Evidence == "" || o.Shown == "" {
			t.Errorf("%s: %+v", o.Metric, o)
		}
	}
	b := fixture.Quiet()
	b.Frames, b.Intervals, b.Run.Audit = nil, nil, nil
	for _, o := range Summary(facts.New(b, sc)).Objectives {
		if o.Metric != "failovers" && (o.Result != results.Inconclusive || strings.TrimSpace(o.Evidence) == "") {
			t.Errorf("%s with nothing to measure: %+v", o.Metric, o)
		}
	}
}

func TestRecoveryOfTheCluster(t *testing.T) {
	for _, tc := range []struct {
		name string
		mend func(*results.Bundle)
		want string
	}{
		{"verified", func(*results.Bundle) {}, "7.40 s"},
		{"not whole again", func(b *results.Bundle) { b.Run.Faults[0].Verified = 0 }, "–"},
		{"not injected", func(b *results.Bundle) { b.Run.Faults[0].Injected = 0 }, "–"},
	} {
		b := fixture.Killed()
		tc.mend(b)
		b.Scenario = []byte(strings.Replace(fixture.FixtureYAML, "objectives:\n", "objectives:\n  - {metric: recovery.whole, max: 10s}\n", 1))
		s, err := Analyze(b)
		if err != nil {
			t.Fatal(err)
		}
		o := s.Objectives[0]
		if o.Shown != tc.want && !(tc.want == "–" && o.Result == results.Inconclusive) {
			t.Errorf("%s: %+v", tc.name, o)
		}
	}
}

// TestMissedShowsTheDifference: the measured value of a missed objective never reads as its
// bound.
func TestMissedShowsTheDifference(t *testing.T) {
	a := facts.New(fixture.Killed(), fixture.Scenario(t))
	for _, tt := range []struct {
		metric    string
		low, high *scenarios.Bound
		value     float64
		want      string
	}{
		{"throughput", limit("1000/s", 1000), nil, 999.96, "999.96/s"},
		{"throughput", limit("1000/s", 1000), nil, 999.4, "999/s"},
		{"throughput", nil, limit("12.3/s", 12.3), 12.3004, "12.3004/s"},
		{"outage.shard", nil, limit("2s", 2), 2.0004, "2.0004 s"},
		{"outage.shard", nil, limit("2s", 2), 2.004, "2.004 s"},
		{"outage.shard", nil, limit("2s", 2), 2.4, "2.40 s"},
		{"outage.shard", nil, limit("2m", 120), 120.3, "120.3 s"},
		{"outage.shard", nil, limit("2504ms", 2.504), 2.5041, "2.5041 s"},
		{"response.p99", nil, limit("20ms", 0.02), 0.020004, "20.004 ms"},
		{"hits", nil, limit("1%", 0.01), 0.010000004, "1.0000004 %"},
		{"availability", limit("95%", 0.95), nil, 0.9499999, "94.999 %"},
		{"outage.shard", nil, limit("2s", 2), 2, "2.00 s"},
	} {
		got := judge(a, scenarios.Objective{Metric: tt.metric, Min: tt.low, Max: tt.high}, metrics.Measurement{Value: &tt.value})
		if got.Shown != tt.want {
			t.Errorf("%s: %q, want %q", got.Name, got.Shown, tt.want)
		}
	}
}
