package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	//go:embed trend.tmpl.html
	trendPageText string

	trendPage = template.Must(template.Must(pageTemplate.Clone()).New("trend").Parse(trendPageText))
)

// changesTable lists changes with the runs around them, latest first.
func changesTable(t *Trend) table {
	tab := table{Title: "Changes", Head: slices.Concat(words("", "figure", "from run", "of"), numbers("before", "after", "change", "p"), long("what differs from the run before"))}
	type row struct {
		at    int
		cells []string
	}
	var rows []row
	for _, s := range t.Series {
		for _, c := range s.Changes {
			change := none
			if c.Before != 0 {
				share := (c.After - c.Before) / math.Abs(c.Before)
				change = map[bool]string{true: "+", false: "−"}[share > 0] + shareText(math.Abs(share))
			}
			var what []string
			for _, d := range c.Differs {
				what = append(what, d.String())
			}
			rows = append(rows, row{c.At, []string{c.Answer.marked(), s.FigureID.String(), c.First, t.Runs[c.At].Start.UTC().Format("2006-01-02 15:04"),
				quantity(s.Unit, c.Before), quantity(s.Unit, c.After), change, pText(c.P), orNone(strings.Join(what, ", "))}})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return b.at - a.at })
	for _, r := range rows {
		tab.Rows = append(tab.Rows, r.cells)
	}
	return tab
}

// latestTable shows where each key series stands.
func latestTable(t *Trend) table {
	tab := table{Title: "Now", Head: slices.Concat(words("figure"), numbers("latest", "median", "least", "most", "runs", "changes"))}
	for _, s := range t.Series {
		values := s.measured()
		if !s.Key || len(values) == 0 {
			continue
		}
		sorted := slices.Clone(values)
		slices.Sort(sorted)
		tab.Rows = append(tab.Rows, []string{s.FigureID.String(), quantity(s.Unit, values[len(values)-1]), quantity(s.Unit, (sorted[(len(sorted)-1)/2]+sorted[len(sorted)/2])/2),
			quantity(s.Unit, sorted[0]), quantity(s.Unit, sorted[len(sorted)-1]), fmt.Sprint(len(values)), fmt.Sprint(len(s.Changes))})
	}
	return tab
}

func (s *TrendSeries) measured() []float64 {
	var list []float64
	for _, v := range s.Values {
		if v != nil {
			list = append(list, *v)
		}
	}
	return list
}

func (t *Trend) headline() string {
	key, all := t.Changed()
	if all == 0 {
		return "no change"
	}
	return fmt.Sprintf("%s, %d of key figures", plural(all, "change", "changes"), key)
}

func (t *Trend) facts() string {
	if len(t.Runs) == 0 {
		return "no run whose figures count"
	}
	first, last := t.Runs[0].Start.UTC(), t.Runs[len(t.Runs)-1].Start.UTC()
	text := fmt.Sprintf("%s from %s to %s", plural(len(t.Runs), "run", "runs"), first.Format("2006-01-02 15:04"), last.Format("2006-01-02 15:04 UTC"))
	if n := len(t.LeftOut); n > 0 {
		text += fmt.Sprintf(", %d more left out", n)
	}
	return text
}

const trendNote = "Changes are found by the E-divisive method: a series is cut where the energy distance between its parts is greatest, if at most one in a thousand random orders of the same values part as far. " +
	"Changes too small to matter are not shown. The first five and the last five runs are too few to tell a change from an outlier."

// TrendText writes trends for a terminal.
func TrendText(w io.Writer, list []*Trend, color bool) error {
	p := &printer{color: color}
	for i, t := range list {
		if i > 0 {
			p.line("")
		}
		p.line(p.paint(bold, t.Scenario) + "  " + plain(t.headline()))
		p.line("  " + p.paint(dim, t.facts()))
		p.table(changesTable(t))
		p.table(latestTable(t))
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// TrendMarkdown writes trends for a job summary.
func TrendMarkdown(w io.Writer, list []*Trend) error {
	m := &markup{}
	for _, t := range list {
		m.p("## %s: %s\n\n%s.\n", t.Scenario, t.headline(), t.facts())
		m.titled("###", changesTable(t))
		m.titled("###", latestTable(t))
	}
	_, err := io.WriteString(w, m.String())
	return err
}

// trendView is a trend as the page shows it.
type trendView struct {
	T            *Trend
	Head, Facts  string
	Class        string
	Changes, Now table
	Key, Rest    []figure
}

// TrendHTML writes trends as one file that needs nothing else.
func TrendHTML(w io.Writer, list []*Trend) error {
	view := struct {
		CSS   template.CSS
		Note  string
		Title string
		List  []trendView
	}{CSS: template.CSS(pageCSS + pagesCSS), Note: trendNote}
	var names []string
	for _, t := range list {
		v := trendView{T: t, Head: t.headline(), Facts: t.facts(), Class: "same", Changes: changesTable(t), Now: latestTable(t)}
		var key, rest []picture
		for _, s := range t.Series {
			if len(s.measured()) < 2 {
				continue
			}
			if s.Key || len(s.Changes) > 0 {
				key = append(key, trendPicture(t, s))
			} else {
				rest = append(rest, trendPicture(t, s))
			}
		}
		alignLeft(key)
		alignLeft(rest)
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

// trendPicture draws a series over time, with its levels between changes.
func trendPicture(t *Trend, s TrendSeries) picture {
	p := picture{title: s.FigureID.String(), plot: newPlot(), height: 130, legend: []legendEntry{{"each run", inkOK, true}, {"level", inkText, false}}}
	start := t.Runs[0].Start
	days := func(i int) float64 { return t.Runs[i].Start.Sub(start).Hours() / 24 }
	var dots []point
	values := s.measured()
	low, high := slices.Min(values), slices.Max(values)
	for i, v := range s.Values {
		if v != nil {
			dots = append(dots, point{days(i), *v})
		}
	}
	width := max(days(len(t.Runs)-1), 1e-3)
	p.plot.X.Min, p.plot.X.Max = -0.02*width, 1.02*width
	p.plot.X.Tick.Marker = linearTicks{6, func(v float64) string {
		at := start.Add(fromDays(v))
		if width < 3 {
			return at.UTC().Format("01-02 15:04")
		}
		return at.UTC().Format("2006-01-02")
	}}
	room := max((high-low)*0.15, math.Abs(high)*0.01, 1e-12)
	p.plot.Y.Min, p.plot.Y.Max = low-room, high+room
	p.plot.Y.Tick.Marker = linearTicks{3, func(v float64) string { return unitLabel(s.Unit, v) }}
	p.plot.Add(gridLines(), levelsPlotter{dots: dots, series: s, days: days, width: width})
	if len(s.Changes) > 0 {
		p.legend = append(p.legend, legendEntry{"change for the worse", inkFailed, false}, legendEntry{"other change", inkP50, false})
	}
	return p
}

type levelsPlotter struct {
	dots   []point
	series TrendSeries
	days   func(int) float64
	width  float64
}

// Plot draws dots, the medians between changes, and a line at each change.
func (l levelsPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, d := range l.dots {
		c.DrawGlyph(draw.GlyphStyle{Color: inkOK.rgb, Radius: 2.4, Shape: draw.CircleGlyph{}}, vg.Point{X: x(d.x), Y: y(d.y)})
	}
	level := func(from, to, at float64) {
		c.StrokeLine2(draw.LineStyle{Color: inkText.rgb, Width: 1.2}, x(from), y(at), x(to), y(at))
	}
	from := 0.0
	for i, ch := range l.series.Changes {
		border := (l.days(ch.At) + l.days(ch.At-1)) / 2
		level(from, border, ch.Before)
		ink := inkP50
		if ch.Answer == Worse {
			ink = inkFailed
		}
		c.StrokeLine2(draw.LineStyle{Color: ink.rgb, Width: 1.4, Dashes: []vg.Length{4, 2}}, x(border), c.Min.Y, x(border), c.Max.Y)
		from = border
		if i == len(l.series.Changes)-1 {
			level(border, l.width, ch.After)
		}
	}
	if len(l.series.Changes) == 0 {
		values := l.series.measured()
		slices.Sort(values)
		level(0, l.width, (values[(len(values)-1)/2]+values[len(values)/2])/2)
	}
}
