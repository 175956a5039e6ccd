package sections

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/plot"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// answerMarks: shape and word carry the meaning, colour only repeats it.
var answerMarks = map[compare.Answer]string{compare.Worse: "✗", compare.Better: "✓", compare.Changed: "≠", compare.Same: "~", compare.Noisy: "?", compare.Few: "?", compare.Open: "?"}

// answerClass is the verdict that an answer has the colours of.
var answerClass = map[compare.Answer]string{compare.Worse: "fail", compare.Better: "pass", compare.Changed: "inconclusive", compare.Same: "same", compare.Noisy: "inconclusive", compare.Few: "inconclusive", compare.Open: "inconclusive"}

func marked(a compare.Answer) string {
	if a == compare.Same {
		return answerMarks[a]
	}
	return answerMarks[a] + " " + string(a)
}

func sideLine(s compare.Side) string {
	line := fmt.Sprintf("%s, %s", s.Name, words.Plural(len(s.Runs), "run", "runs"))
	if n := len(s.LeftOut); n > 0 {
		line += fmt.Sprintf(" (%d more left out)", n)
	}
	return line
}

func pText(p float64) string {
	if p < 0.0005 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// deltaTable shows figures side by side.
func deltaTable(title string, list []compare.FigureDelta) doc.Table {
	t := doc.Table{Title: title, Dense: true, Head: slices.Concat(doc.Columns("", "figure"), doc.Numbers("A", "B", "change", "95 % interval", "p", "would show", "matters from"))}
	for _, d := range list {
		change, detect := d.Change(), words.None
		if d.Shift == 0 {
			change = "0"
		}
		if d.Answer == compare.Same || d.Answer == compare.Noisy || d.Answer == compare.Few || d.Answer == compare.Open {
			change = "~ " + change
		}
		if d.Detectable != nil && !d.Constant() {
			detect = d.Amount(*d.Detectable)
		}
		t.Rows = append(t.Rows, []string{marked(d.Answer), d.String(), median(d.Unit, d.A.Median, d.AtLeastA), median(d.Unit, d.B.Median, d.AtLeastB),
			change, d.Span(), pText(d.Adjusted), detect, d.Amount(d.Threshold)})
	}
	return t
}

// median marks a median of values that may be higher.
func median(unit results.Unit, v float64, atLeast int) string {
	if atLeast > 0 {
		return "≥ " + words.Quantity(unit, v)
	}
	return words.Quantity(unit, v)
}

func judgedTable(c *compare.Comparison) doc.Table {
	return deltaTable("Judged", only(c, func(d compare.FigureDelta) bool { return d.Judged }))
}

// notableTable holds what is not judged, yet was shown to differ, and the steps
// of failovers, which explain what was.
func notableTable(c *compare.Comparison) doc.Table {
	return deltaTable("Also measured", only(c, func(d compare.FigureDelta) bool {
		m, _ := metrics.Named(d.Metric)
		whole := results.OrAll(d.Phase) == results.All && results.OrAll(d.Command) == results.All
		always := m.Explains && whole
		return !d.Judged && (always || d.Answer == compare.Worse || d.Answer == compare.Better || d.Answer == compare.Changed)
	}))
}

func restTable(c *compare.Comparison) doc.Table {
	return deltaTable("Everything else", only(c, func(d compare.FigureDelta) bool { return !d.Judged }))
}

func only(c *compare.Comparison, keep func(compare.FigureDelta) bool) []compare.FigureDelta {
	var list []compare.FigureDelta
	for _, d := range c.Figures {
		if keep(d) {
			list = append(list, d)
		}
	}
	return list
}

// pooledTable shows percentiles of the requests of all runs, from merged
// histograms.
func pooledTable(c *compare.Comparison) doc.Table {
	t := doc.Table{Title: "Response time of all runs together", Grouped: true, Head: append(doc.Columns("phase", "command", "side"), doc.Numbers("answered", "p50", "p90", "p99", "p99.9", "max")...)}
	for _, phase := range phases(c) {
		for _, command := range commands(c) {
			for i, name := range []string{"A", "B"} {
				h := c.Pools[i].Merged[facts.HistogramKey{Phase: phase, Command: command, Time: "response"}]
				if h == nil || h.TotalCount() == 0 {
					continue
				}
				r := facts.LatencyRow(phase, command, "response", h)
				t.Rows = append(t.Rows, []string{phaseName(phase), command, name, words.Count(r.Count), words.Duration(r.P50), words.Duration(r.P90), words.Duration(r.P99), words.Duration(r.P999), words.Duration(r.Max)})
			}
		}
	}
	return t
}

// phases and commands of the figures, in their order.
func phases(c *compare.Comparison) []string {
	return distinct(c, func(id compare.FigureID) string { return id.Phase })
}

func commands(c *compare.Comparison) []string {
	return distinct(c, func(id compare.FigureID) string { return id.Command })
}

func distinct(c *compare.Comparison, of func(compare.FigureID) string) []string {
	var list []string
	for _, d := range c.Figures {
		if v := of(d.FigureID); v != "" && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

func differsTable(c *compare.Comparison) doc.Table {
	t := doc.Table{Title: "What differs", Head: doc.Columns("", "A", "B")}
	for _, d := range c.Differs {
		t.Rows = append(t.Rows, []string{d.What, words.OrNone(d.A), words.OrNone(d.B)})
	}
	return t
}

func runsTable(c *compare.Comparison) doc.Table {
	t := doc.Table{Title: "Runs", Head: append(doc.Columns("side", "run", "verdict"), doc.Numbers("seed")...)}
	for _, s := range []struct {
		name string
		side compare.Side
	}{{"A", c.A}, {"B", c.B}} {
		for _, r := range s.side.Runs {
			t.Rows = append(t.Rows, []string{s.name, r.ID, string(r.Verdict), fmt.Sprint(r.Seed)})
		}
	}
	return t
}

// comparisonNote explains the tables.
func comparisonNote() doc.Text {
	return doc.Prose("Change is the median of all differences between a run of B and one of A, with its 95 % interval. " +
		"p is that of the Mann-Whitney U test, corrected for the figures beside it (judged: Holm; others: Benjamini and Hochberg). " +
		"A change counts if p is below 0.05 and the change is at least as large as one that matters. " +
		"~ marks a figure without such a change. A figure is too noisy if a change that matters could have been missed; four of five such comparisons find a change as large as 'would show', which counts the same correction. Too few runs: no values of so few runs could have brought p below 0.05. Open: the end of some values was not seen, or only one side has any; ≥ marks a median of such values.")
}

// comparisonSections are the sections of a comparison, in their order.
func comparisonSections() []func(*compare.Comparison) doc.Section {
	return []func(*compare.Comparison) doc.Section{
		comparisonWarnings,
		judged,
		notable,
		overlays,
		differs,
		rest,
	}
}

// Comparison is the answer to whether B differs from A.
func Comparison(c *compare.Comparison) doc.Document {
	d := doc.Document{
		Window: c.Headline() + ": " + c.A.Name + " and " + c.B.Name, Style: doc.Many,
		Badge: doc.Badge{Mark: answerMarks[c.Answer], Word: string(c.Answer), Class: answerClass[c.Answer], InTitle: true}, Title: c.Headline(),
		Sides:   []doc.Side{{Name: "A", Text: sideLine(c.A)}, {Name: "B", Text: sideLine(c.B)}},
		Reasons: c.Reasons, Head: []doc.Block{doc.Line(c.Advice())},
		Footer: "slotstorm",
	}
	for _, section := range comparisonSections() {
		d.Sections = append(d.Sections, section(c))
	}
	return d
}

func comparisonWarnings(c *compare.Comparison) doc.Section { return warningsOf(c.Warnings) }

func judged(c *compare.Comparison) doc.Section {
	return doc.Section{ID: "judged", Title: "Judged", Blocks: []doc.Block{
		judgedTable(c),
		doc.Only(doc.Page, doc.Pictures(func() []doc.Picture { return pictures(plot.DotPictures(c)) })),
		doc.Only(doc.Written, doc.Note{Text: comparisonNote()}),
	}}
}

func notable(c *compare.Comparison) doc.Section {
	return doc.Section{ID: "notable", Title: "Also measured", Blocks: []doc.Block{notableTable(c)}}
}

// overlays are the runs of both sides together.
func overlays(c *compare.Comparison) doc.Section {
	d := doc.Section{ID: "overlays", Title: "A and B overlaid", Blocks: []doc.Block{
		doc.Only(doc.Page, doc.Pictures(func() []doc.Picture { return pictures(plot.OverlayPictures(c)) })),
	}}
	if t := pooledTable(c); len(t.Rows) > 0 {
		d.Blocks = append(d.Blocks, doc.Only(doc.Written, doc.Details{Summary: t.Title, More: "from merged histograms", Blocks: []doc.Block{t}}))
	}
	return d
}

func differs(c *compare.Comparison) doc.Section {
	d := doc.Section{ID: "differs", Title: "What differs", Blocks: []doc.Block{differsTable(c)}}
	if len(c.Differs) == 0 {
		d.Blocks = []doc.Block{doc.Only(doc.Page, doc.Note{Text: doc.Prose("Only the seeds: scenario, versions and machine are the same.")})}
	}
	return d
}

// rest is everything else, for a page.
func rest(c *compare.Comparison) doc.Section {
	d := doc.Section{ID: "all", Title: "Everything"}
	figures, runs := restTable(c), runsTable(c)
	for _, more := range []doc.Details{
		{Summary: "Every other figure", More: fmt.Sprint(len(figures.Rows)), Blocks: []doc.Block{figures}},
		{Summary: runs.Title, More: fmt.Sprint(len(runs.Rows)), Blocks: []doc.Block{runs}},
	} {
		d.Blocks = append(d.Blocks, doc.Only(doc.Page, more))
	}
	return d
}
