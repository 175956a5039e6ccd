package sections

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/plot"
	"github.com/slotstorm/slotstorm/report/words"
)

// trendTitle names the scenario, and what sets its runs apart from others of it.
func trendTitle(t *compare.Trend) string {
	var parts []string
	for i, s := range t.Apart {
		if i == 3 {
			parts = append(parts, fmt.Sprintf("and %d more", len(t.Apart)-3))
			break
		}
		parts = append(parts, s.Field+" "+words.OrNone(s.Value))
	}
	if len(parts) == 0 {
		return t.Scenario
	}
	return fmt.Sprintf("%s (%s)", t.Scenario, strings.Join(parts, ", "))
}

// changesTable lists changes with the runs around them, latest first.
func changesTable(t *compare.Trend) doc.Table {
	tab := doc.Table{Title: "Changes", Dense: true, Head: slices.Concat(doc.Columns("", "figure", "from run", "of"), doc.Numbers("before", "after", "change", "p"), doc.Long("differences from the run before"))}
	type row struct {
		at    int
		cells []string
	}
	var rows []row
	for _, s := range t.Series {
		for _, c := range s.Changes {
			change := words.None
			if c.Before != 0 {
				share := (c.After - c.Before) / math.Abs(c.Before)
				change = map[bool]string{true: "+", false: "−"}[share > 0] + words.ShareText(math.Abs(share))
			}
			var what []string
			for _, d := range c.Differs {
				what = append(what, words.Differs(d.What, d.A, d.B))
			}
			rows = append(rows, row{c.At, []string{marked(c.Answer), s.FigureID.String(), c.First, t.Runs[c.At].Start.UTC().Format("2006-01-02 15:04"),
				words.Quantity(s.Unit, c.Before), words.Quantity(s.Unit, c.After), change, pText(c.P), words.OrNone(strings.Join(what, ", "))}})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return b.at - a.at })
	for _, r := range rows {
		tab.Rows = append(tab.Rows, r.cells)
	}
	return tab
}

// latestTable shows where each key series stands.
func latestTable(t *compare.Trend) doc.Table {
	tab := doc.Table{Title: "Now", Head: slices.Concat(doc.Columns("figure"), doc.Numbers("latest", "median", "least", "most", "runs", "changes"))}
	for _, s := range t.Series {
		values := s.Measured()
		if !s.Key || len(values) == 0 {
			continue
		}
		sorted := slices.Clone(values)
		slices.Sort(sorted)
		tab.Rows = append(tab.Rows, []string{s.FigureID.String(), words.Quantity(s.Unit, values[len(values)-1]), words.Quantity(s.Unit, (sorted[(len(sorted)-1)/2]+sorted[len(sorted)/2])/2),
			words.Quantity(s.Unit, sorted[0]), words.Quantity(s.Unit, sorted[len(sorted)-1]), fmt.Sprint(len(values)), fmt.Sprint(len(s.Changes))})
	}
	return tab
}

func trendHeadline(t *compare.Trend) string {
	key, all := t.Changed()
	switch {
	case all == 0 && t.Blind():
		return fmt.Sprintf("too few runs to find a change: %s, and it takes %d", words.Plural(len(t.Runs), "run", "runs"), t.Needs)
	case all == 0:
		return "no change found"
	}
	return fmt.Sprintf("%s, %d of key figures", words.Plural(all, "change", "changes"), key)
}

func trendFacts(t *compare.Trend) string {
	if len(t.Runs) == 0 {
		return "no run whose figures count"
	}
	first, last := t.Runs[0].Start.UTC(), t.Runs[len(t.Runs)-1].Start.UTC()
	text := fmt.Sprintf("%s from %s to %s", words.Plural(len(t.Runs), "run", "runs"), first.Format("2006-01-02 15:04"), last.Format("2006-01-02 15:04 UTC"))
	if n := len(t.LeftOut); n > 0 {
		text += fmt.Sprintf(", %d more left out", n)
	}
	return text
}

// trendNote explains the changes.
func trendNote() doc.Text {
	return doc.Prose("Changes are found by the E-divisive method: a series is cut where the energy distance between its parts is greatest. A cut counts if at most 1 of 1000 random orders of the same values reaches that distance. " +
		"Changes too small to matter are not shown. Runs with another load, timeline, place or product have a trend of their own. The first five and the last five runs are too few to distinguish a change from an outlier.")
}

// trendSections are the sections of a trend, in their order.
func trendSections() []func(*compare.Trend) doc.Section {
	return []func(*compare.Trend) doc.Section{
		changes,
		keyFigures,
		steadyFigures,
		leftOut,
	}
}

// Trends are the trends of several scenarios, a document each.
func Trends(list []*compare.Trend) []doc.Document {
	var names []string
	for _, t := range list {
		names = append(names, trendTitle(t))
	}
	var out []doc.Document
	for _, t := range list {
		d := doc.Document{
			Window: "Trend of " + strings.Join(names, ", "), Style: doc.Many,
			Badge: doc.Badge{Class: unjudged}, Title: trendTitle(t), Lead: trendHeadline(t), Facts: trendFacts(t),
			Footer: "slotstorm",
		}
		for _, section := range trendSections() {
			d.Sections = append(d.Sections, section(t))
		}
		out = append(out, d)
	}
	return out
}

func changes(t *compare.Trend) doc.Section {
	table := changesTable(t)
	d := doc.Section{Title: "Changes", Blocks: []doc.Block{table}}
	if len(table.Rows) > 0 {
		d.Blocks = append(d.Blocks, doc.Only(doc.Page, doc.Note{Text: trendNote()}))
	}
	return d
}

func keyFigures(t *compare.Trend) doc.Section {
	table := latestTable(t)
	d := doc.Section{Title: "Key figures", Blocks: []doc.Block{table}}
	if len(table.Rows) > 0 {
		d.Blocks = append(d.Blocks, doc.Only(doc.Page, drawn(t, func(s compare.TrendSeries) bool { return s.Key || len(s.Changes) > 0 })))
	}
	return d
}

// steadyFigures are those without a change.
func steadyFigures(t *compare.Trend) doc.Section {
	steady := func(s compare.TrendSeries) bool { return !s.Key && len(s.Changes) == 0 }
	n := 0
	for _, s := range t.Series {
		if steady(s) && len(s.Measured()) > 1 {
			n++
		}
	}
	d := doc.Section{Title: "Everything else"}
	if n > 0 {
		d.Blocks = []doc.Block{doc.Only(doc.Page, doc.Details{Summary: "Figures without a change", More: fmt.Sprint(n), Blocks: []doc.Block{drawn(t, steady)}})}
	}
	return d
}

// drawn are the pictures of the series that are kept, if they have two values to draw.
func drawn(t *compare.Trend, keep func(compare.TrendSeries) bool) doc.Pictures {
	return func() []doc.Picture {
		var list []plot.Picture
		for _, s := range t.Series {
			if keep(s) && len(s.Measured()) > 1 {
				list = append(list, plot.TrendPicture(t, s))
			}
		}
		plot.AlignLeft(list)
		return pictures(list)
	}
}

func leftOut(t *compare.Trend) doc.Section {
	return doc.Section{Title: "Left out", Blocks: []doc.Block{doc.Only(doc.Page, doc.List{Items: t.LeftOut})}}
}
