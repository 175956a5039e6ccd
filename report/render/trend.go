package render

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/plot"
	"github.com/slotstorm/slotstorm/report/words"
)

var (
	//go:embed trend.tmpl.html
	trendPageText string

	trendPage = template.Must(template.Must(pageTemplate.Clone()).New("trend").Parse(trendPageText))
)

// changesTable lists changes with the runs around them, latest first.
func changesTable(t *compare.Trend) doc.Table {
	tab := doc.Table{Title: "Changes", Head: slices.Concat(doc.Columns("", "figure", "from run", "of"), doc.Numbers("before", "after", "change", "p"), doc.Long("what differs from the run before"))}
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
	if all == 0 {
		return "no change"
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

const trendNote = "Changes are found by the E-divisive method: a series is cut where the energy distance between its parts is greatest, if at most one in a thousand random orders of the same values part as far. " +
	"Changes too small to matter are not shown. The first five and the last five runs are too few to tell a change from an outlier."

// TrendText writes trends for a terminal.
func TrendText(w io.Writer, list []*compare.Trend, color bool) error {
	p := &printer{color: color}
	for i, t := range list {
		if i > 0 {
			p.line("")
		}
		p.line(p.paint(bold, t.Scenario) + "  " + plain(trendHeadline(t)))
		p.line("  " + p.paint(dim, trendFacts(t)))
		p.table(changesTable(t))
		p.table(latestTable(t))
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// TrendMarkdown writes trends for a job summary.
func TrendMarkdown(w io.Writer, list []*compare.Trend) error {
	m := &markup{}
	for _, t := range list {
		m.p("## %s: %s\n\n%s.\n", t.Scenario, trendHeadline(t), trendFacts(t))
		m.titled("###", changesTable(t))
		m.titled("###", latestTable(t))
	}
	_, err := io.WriteString(w, m.String())
	return err
}

// trendView is a trend as the page shows it.
type trendView struct {
	T            *compare.Trend
	Head, Facts  string
	Class        string
	Changes, Now doc.Table
	Key, Rest    []figure
}

// TrendHTML writes trends as one file that needs nothing else.
func TrendHTML(w io.Writer, list []*compare.Trend) error {
	view := struct {
		CSS   template.CSS
		Note  string
		Title string
		List  []trendView
	}{CSS: template.CSS(pageCSS + pagesCSS), Note: trendNote}
	var names []string
	for _, t := range list {
		v := trendView{T: t, Head: trendHeadline(t), Facts: trendFacts(t), Class: "same", Changes: changesTable(t), Now: latestTable(t)}
		var key, rest []plot.Picture
		for _, s := range t.Series {
			if len(s.Measured()) < 2 {
				continue
			}
			if s.Key || len(s.Changes) > 0 {
				key = append(key, plot.TrendPicture(t, s))
			} else {
				rest = append(rest, plot.TrendPicture(t, s))
			}
		}
		plot.AlignLeft(key)
		plot.AlignLeft(rest)
		var err error
		if v.Key, err = figures(key); err != nil {
			return err
		}
		if v.Rest, err = figures(rest); err != nil {
			return err
		}
		view.List = append(view.List, v)
		names = append(names, t.Scenario)
	}
	view.Title = strings.Join(names, ", ")
	return execute(w, trendPage, view)
}
