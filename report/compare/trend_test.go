package compare

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/statistics"
	"github.com/slotstorm/slotstorm/results"
)

// measured is a run that measured a p50 of a millisecond, and nothing else.
func measured(day int, change func(*results.Bundle)) trendEntry {
	b := &results.Bundle{Run: results.Run{
		Start: time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC), Scenario: json.RawMessage(`{"redis": {"shards": 3}, "workload": {"rate": 1000}}`),
		Versions:    results.Versions{Slotstorm: "v0.1.0", Server: results.Server{Product: results.ProductRedis, Version: "7.0.15"}},
		Environment: results.Environment{CPUs: 2, Isolation: "namespaces"},
	}}
	if change != nil {
		change(b)
	}
	return trendEntry{
		name: "steady", run: TrendRun{Start: b.Run.Start, Version: b.Run.Versions}, traits: facts.Traits(b), steady: results.All,
		figures: []Figure{{FigureID: FigureID{Metric: "response.p50", Command: results.All, Phase: results.All}, Unit: "seconds", Values: []float64{0.001}}},
	}
}

// TestTrendOfFewRuns: that nothing was found in too few runs is no finding.
func TestTrendOfFewRuns(t *testing.T) {
	least := statistics.LeastSeries()
	for n, want := range map[int]bool{1: true, 2: true, least - 1: true, least: false} {
		var builder TrendBuilder
		for i := range n {
			builder.runs = append(builder.runs, measured(i+1, nil))
		}
		list := builder.Trends()
		if len(list) != 1 || len(list[0].Runs) != n || list[0].Blind() != want || list[0].Needs != least {
			t.Errorf("%d runs: %d trends, blind %v, needs %d", n, len(list), list[0].Blind(), list[0].Needs)
		}
	}
}

// TestTrendsOfDifferentRuns: runs that did not measure the same thing are not one series.
func TestTrendsOfDifferentRuns(t *testing.T) {
	scenario := func(text string) func(*results.Bundle) {
		return func(b *results.Bundle) { b.Run.Scenario = json.RawMessage(text) }
	}
	for name, tt := range map[string]struct {
		change func(*results.Bundle)
		apart  []results.Setting
	}{
		"another rate":                  {scenario(`{"redis": {"shards": 3}, "workload": {"rate": 2000}}`), []results.Setting{{Field: "workload.rate", Value: "1000"}}},
		"another timeline":              {scenario(`{"redis": {"shards": 3}, "workload": {"rate": 1000}, "timeline": {"phases": [{"name": "x"}]}}`), []results.Setting{{Field: "timeline.phases[0].name"}}},
		"another place":                 {func(b *results.Bundle) { b.Run.Environment.Isolation = "plain loopback" }, []results.Setting{{Field: "machine.isolation", Value: "namespaces"}}},
		"another machine":               {func(b *results.Bundle) { b.Run.Environment.CPUs++ }, []results.Setting{{Field: "machine.cpus", Value: "2"}}},
		"another product":               {func(b *results.Bundle) { b.Run.Versions.Server = results.Server{Product: "valkey", Version: "9.1.2"} }, []results.Setting{{Field: "product", Value: "redis"}}},
		"another version of the server": {func(b *results.Bundle) { b.Run.Versions.Server.Version = "8.0.2" }, nil},
		"another configuration":         {scenario(`{"redis": {"shards": 3, "config": {"hz": "10"}}, "workload": {"rate": 1000}}`), nil},
		"a field that a later version of slotstorm knows": {func(b *results.Bundle) {
			b.Run.Versions.Slotstorm = "v0.2.0"
			b.Run.Scenario = json.RawMessage(`{"redis": {"shards": 3}, "workload": {"rate": 1000, "novelty": 1}}`)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			builder := TrendBuilder{runs: []trendEntry{measured(5, nil), measured(4, tt.change), measured(3, nil), measured(2, tt.change), measured(1, nil)}}
			list := builder.Trends()
			if tt.apart == nil {
				if len(list) != 1 || len(list[0].Runs) != 5 || list[0].Apart != nil {
					t.Errorf("%d trends, apart %v", len(list), list[0].Apart)
				}
				return
			}
			if len(list) != 2 || len(list[0].Runs) != 3 || len(list[1].Runs) != 2 || !slices.Equal(list[0].Apart, tt.apart) {
				t.Errorf("%d trends, the first of %d runs, apart by %v", len(list), len(list[0].Runs), list[0].Apart)
			}
		})
	}
}

// TestTrendOfUnendedFailovers: a change to failovers that did not end is no improvement.
func TestTrendOfUnendedFailovers(t *testing.T) {
	server := FigureID{Metric: "failover.server"}
	for name, tt := range map[string]struct {
		before, after float64
		open          bool
		want          Answer
	}{
		"shorter":              {20, 2, false, Better},
		"shorter, not ended":   {20, 2, true, Open},
		"longer":               {2, 20, false, Worse},
		"longer and not ended": {2, 20, true, Worse},
	} {
		var builder TrendBuilder
		for i := range 24 {
			e := measured(i+1, nil)
			f := Figure{FigureID: server, Unit: results.UnitDuration, Better: "lower", Values: []float64{tt.before + float64(i)/1000}}
			if i >= 12 {
				f.Values[0] += tt.after - tt.before
				if tt.open {
					f.AtLeast = 1
				}
			}
			e.figures = []Figure{f}
			builder.runs = append(builder.runs, e)
		}
		s := builder.Trends()[0].Series[0]
		if len(s.Changes) != 1 || s.Changes[0].Answer != tt.want {
			t.Errorf("%s: %+v", name, s.Changes)
		}
	}
}

// TestCurrentTrends: a series of runs that has ended is no part of a gate.
func TestCurrentTrends(t *testing.T) {
	faster := func(b *results.Bundle) { b.Run.Environment.CPUs++ }
	builder := TrendBuilder{runs: []trendEntry{measured(1, nil), measured(2, nil), measured(3, faster)}}
	other := measured(2, nil)
	other.name = "other"
	builder.runs = append(builder.runs, other)
	list := builder.Trends()
	current := Current(list)
	if len(list) != 3 || len(current) != 2 || current[0].Scenario != "other" || len(current[1].Runs) != 1 || !current[1].Runs[0].Start.Equal(measured(3, nil).run.Start) {
		t.Errorf("%d trends, %d current: %+v", len(list), len(current), current)
	}
}
