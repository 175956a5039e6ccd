package render

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/statistics"
	"github.com/slotstorm/slotstorm/results"
)

func TestComparisonGolden(t *testing.T) {
	newer := func(b *results.Bundle) { b.Run.Versions.Server.Version = "8.0.0" }
	c, err := compare.Compare(
		side(t, "results/runs/old-*", fixture.Nights(0, 6, 1, fixture.Killed, nil)),
		side(t, "results/runs/new-*", fixture.Nights(1, 6, 1.10, fixture.Killed, newer)), compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, render := range map[string]func(*bytes.Buffer) error{
		"compared.txt":  func(b *bytes.Buffer) error { return compareText(b, c, false) },
		"compared.md":   func(b *bytes.Buffer) error { return compareMarkdown(b, c) },
		"compared.html": func(b *bytes.Buffer) error { return compareHTML(b, c) },
	} {
		var out bytes.Buffer
		if err := render(&out); err != nil {
			t.Fatal(err)
		}
		fixture.Golden(t, name, out.Bytes())
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back compare.Comparison
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(back.Figures, func(d compare.FigureDelta) bool { return d.String() == "response.p50 in steady" })
	if i < 0 || back.Figures[i].P >= statistics.Alpha || len(back.Figures) != len(c.Figures) {
		t.Error("the JSON does not say what was compared")
	}
}

func side(t *testing.T, name string, bundles []*results.Bundle) *compare.Runs {
	t.Helper()
	r := compare.NewRuns(name)
	for _, b := range bundles {
		if err := r.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	return r
}
