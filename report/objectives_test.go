package report

import (
	"math"
	"strings"
	"testing"

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
	sc := scenario(t)
	sc.Objectives = nil
	for _, tt := range cases {
		sc.Objectives = append(sc.Objectives, tt.o)
	}
	for i, o := range newAnalysis(killed(), sc).summary().Objectives {
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
	sc := scenario(t)
	sc.Objectives = nil
	for _, m := range scenarios.Metrics {
		sc.Objectives = append(sc.Objectives, scenarios.Objective{Metric: m.Name, Max: limit("x", 1e9)})
	}
	for _, o := range newAnalysis(killed(), sc).summary().Objectives {
		if o.Value == nil || o.Result != results.Pass || o.Evidence == "" || o.Shown == "" {
			t.Errorf("%s: %+v", o.Metric, o)
		}
	}
	b := quiet()
	b.Frames, b.Intervals, b.Run.Audit = nil, nil, nil
	for _, o := range newAnalysis(b, sc).summary().Objectives {
		if o.Metric != "failovers" && (o.Result != results.Inconclusive || strings.TrimSpace(o.Evidence) == "") {
			t.Errorf("%s with nothing to measure: %+v", o.Metric, o)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{duration(0), "0 s"}, {duration(ms(0.001)), "1.00 µs"}, {duration(ms(0.9994)), "999 µs"}, {duration(ms(0.9996)), "1.00 ms"},
		{duration(ms(9.994)), "9.99 ms"}, {duration(ms(9.996)), "10.0 ms"}, {duration(ms(99.96)), "100 ms"}, {duration(ms(999.6)), "1.00 s"},
		{duration(ms(61_300)), "61.3 s"}, {duration(ms(125_400)), "2 m 05 s"}, {duration(ms(-250)), "−250 ms"},
		{stepTime(ms(6.4)), "6 ms"}, {stepTime(ms(999.7)), "1.000 s"}, {stepTime(ms(2308)), "2.308 s"},
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(int64(12345678)), "12,345,678"}, {count(-4321), "−4,321"},
		{rate(0), "0/s"}, {rate(0.5), "0.50/s"}, {rate(1234.6), "1,235/s"},
		{percent(1), "100 %"}, {percent(0.99999999), "99.999 %"}, {percent(0.9), "90 %"}, {percent(0.999), "99.9 %"}, {percent(0), "0 %"},
		{stretchText(ms(2612), ms(4017)), "2.61 to 4.02 s"}, {stretchText(ms(900), ms(4017)), "900 ms to 4.02 s"},
		{stretchText(ms(130_000), ms(150_000)), "2 m 10 s to 2 m 30 s"},
		{signed(math.Copysign(0, -1)), "0"}, {signed(-3), "−3"}, {signed(0.5), "0.5"},
		{powerLabel(-5), "10 µs"}, {powerLabel(-4), "100 µs"}, {powerLabel(-3), "1 ms"}, {powerLabel(-1), "100 ms"}, {powerLabel(1), "10 s"},
		{plural(1, "kill", "kills"), "1 kill"}, {plural(2000, "kill", "kills"), "2,000 kills"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
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
		b := killed()
		tc.mend(b)
		b.Scenario = []byte(strings.Replace(fixtureYAML, "objectives:\n", "objectives:\n  - {metric: recovery.whole, max: 10s}\n", 1))
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
