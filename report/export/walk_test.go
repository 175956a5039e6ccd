package export

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// TestEveryMetricEverywhere takes each row of the table through everything that is made
// from it: an objective in YAML, its answer, a comparison that it decides, a trend,
// OpenMetrics and the reference.
func TestEveryMetricEverywhere(t *testing.T) {
	reference, err := os.ReadFile("../../docs/reference/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := scenarios.Schema()
	if err != nil {
		t.Fatal(err)
	}
	a, b, over := compare.NewRuns("a"), compare.NewRuns("b"), &compare.TrendBuilder{}
	for i, run := range fixture.Nights(0, 4, 1, fixture.Killed, nil) {
		side := []*compare.Runs{a, b}[i%2]
		for _, add := range []func(*results.Bundle) error{side.Add, over.Add} {
			if err := add(run); err != nil {
				t.Fatal(err)
			}
		}
	}
	trend := over.Trends()[0]
	killed := fixture.Killed()
	summary, err := judge.Analyze(killed)
	if err != nil {
		t.Fatal(err)
	}
	var exposition bytes.Buffer
	if err := OpenMetrics(&exposition, []judge.Judged{{Run: &killed.Run, Summary: summary}}); err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics.All() {
		t.Run(m.Name, func(t *testing.T) {
			answered(t, m)
			id := compare.FigureID{Metric: m.Name}
			if m.ByPhase {
				id.Phase, id.Command = results.All, results.All
			}
			c, err := compare.Compare(a, b, compare.Options{Judged: []compare.FigureID{id}})
			if err != nil {
				t.Fatalf("a comparison decided by it: %v", err)
			}
			if i := slices.IndexFunc(c.Figures, func(d compare.FigureDelta) bool { return d.FigureID == id }); !c.Figures[i].Judged || c.Figures[i].Unit != m.Unit || c.Figures[i].Threshold <= 0 && m.Matters.Floor > 0 {
				t.Errorf("compared as %+v", c.Figures[i])
			}
			if !slices.ContainsFunc(trend.Series, func(s compare.TrendSeries) bool { return s.FigureID == id && s.Better == m.Better }) {
				t.Error("no trend has it")
			}
			sample := m.Export.Family.Name + "{"
			i := strings.Index(exposition.String(), sample)
			if i < 0 || m.Export.Label != "" && !strings.Contains(exposition.String()[i:], fmt.Sprintf("%s=%q", m.Export.Label, m.Export.Value)) {
				t.Error("OpenMetrics leaves it out")
			}
			if !strings.Contains(string(reference), "| `"+m.Name+"` | "+string(m.Unit)+" |") || !strings.Contains(string(schema), `"`+m.Name+`"`) {
				t.Error("the reference or the schema leaves it out: make generate")
			}
		})
	}
}

// answered puts an objective on the metric into a scenario's YAML and judges a run by it.
func answered(t *testing.T, m metrics.Metric) {
	t.Helper()
	bound := map[results.Unit]string{results.UnitDuration: "max: 1h", results.UnitRate: "max: 1000000/s", results.UnitRatio: "max: 100%", results.UnitCount: "max: 1000000"}[m.Unit]
	if m.Better == metrics.Higher {
		bound = map[results.Unit]string{results.UnitDuration: "min: 0s", results.UnitRate: "min: 1", results.UnitRatio: "min: 1%", results.UnitCount: "min: 0"}[m.Unit]
	}
	b := fixture.Killed()
	before, _, _ := strings.Cut(fixture.FixtureYAML, "objectives:\n")
	b.Scenario = fmt.Appendf(nil, "%sobjectives:\n  - {metric: %s, %s}\n", before, m.Name, bound)
	s, err := judge.Analyze(b)
	if err != nil {
		t.Fatalf("an objective on it: %v", err)
	}
	if o := s.Objectives[0]; o.Value == nil || o.Result != results.Pass || o.Evidence == "" {
		t.Errorf("answered as %+v", o)
	}
}
