package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/scenarios"
)

// answerMarks: shape and word carry the meaning, colour only repeats it.
var answerMarks = map[Answer]string{Worse: "✗", Better: "✓", Changed: "≠", Same: "~", Noisy: "?"}

// answerClass is the verdict that an answer has the colours of.
var answerClass = map[Answer]string{Worse: "fail", Better: "pass", Changed: "inconclusive", Same: "same", Noisy: "inconclusive"}

func (a Answer) marked() string {
	if a == Same {
		return answerMarks[a]
	}
	return answerMarks[a] + " " + string(a)
}

// Headline is the answer in a sentence.
func (c *Comparison) Headline() string {
	switch c.Answer {
	case Worse:
		return "B is worse than A"
	case Better:
		return "B is better than A"
	case Changed:
		return "B differs from A"
	case Same:
		return "no difference that matters"
	}
	return "too noisy to tell"
}

// Advice is what to do about an answer that is none.
func (c *Comparison) Advice() string {
	if c.Answer != Noisy {
		return ""
	}
	return "more runs, longer ones or a quieter machine narrow it; --threshold says what matters to you, --metric what is judged"
}

func (s Side) line() string {
	line := fmt.Sprintf("%s, %s", s.Name, plural(len(s.Runs), "run", "runs"))
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
func deltaTable(title string, list []FigureDelta) table {
	t := table{Title: title, Head: slices.Concat(words("", "figure"), numbers("A", "B", "change", "95 % interval", "p", "would show", "matters from"))}
	for _, d := range list {
		change, detect := d.change(), none
		if d.Shift == 0 {
			change = "0"
		}
		if d.Answer == Same || d.Answer == Noisy {
			change = "~ " + change
		}
		if d.Detectable != nil && !d.constant() {
			detect = d.amount(*d.Detectable)
		}
		t.Rows = append(t.Rows, []string{d.Answer.marked(), d.String(), quantity(d.Unit, d.A.Median), quantity(d.Unit, d.B.Median),
			change, d.span(), pText(d.Adjusted), detect, d.amount(d.Threshold)})
	}
	return t
}

func (c *Comparison) judgedTable() table {
	return deltaTable("Judged", c.only(func(d FigureDelta) bool { return d.Judged }))
}

// notableTable holds what is not judged, yet was shown to differ, and the steps
// of failovers, which explain what was.
func (c *Comparison) notableTable() table {
	return deltaTable("Also measured", c.only(func(d FigureDelta) bool {
		always := strings.HasPrefix(d.Metric, "failover.") || d.Metric == "throughput" && d.Phase == All && d.Command == All
		return !d.Judged && (always || d.Answer == Worse || d.Answer == Better || d.Answer == Changed)
	}))
}

func (c *Comparison) restTable() table {
	return deltaTable("Everything else", c.only(func(d FigureDelta) bool { return !d.Judged }))
}

func (c *Comparison) only(keep func(FigureDelta) bool) []FigureDelta {
	var list []FigureDelta
	for _, d := range c.Figures {
		if keep(d) {
			list = append(list, d)
		}
	}
	return list
}

// pooledTable shows percentiles of the requests of all runs, from merged
// histograms.
func (c *Comparison) pooledTable() table {
	t := table{Title: "Response time of all runs together", Grouped: true, Head: append(words("phase", "command", "side"), numbers("answered", "p50", "p90", "p99", "p99.9", "max")...)}
	for _, phase := range c.phases() {
		for _, command := range c.commands() {
			for i, name := range []string{"A", "B"} {
				h := c.pools[i].merged[histogramKey{phase: phase, command: command, time: "response"}]
				if h == nil || h.TotalCount() == 0 {
					continue
				}
				r := latencyRow(phase, command, "response", h)
				t.Rows = append(t.Rows, []string{phaseName(phase), command, name, count(r.Count), duration(r.P50), duration(r.P90), duration(r.P99), duration(r.P999), duration(r.Max)})
			}
		}
	}
	return t
}

// phases and commands of the figures, in their order.
func (c *Comparison) phases() []string {
	return c.distinct(func(id FigureID) string { return id.Phase })
}

func (c *Comparison) commands() []string {
	return c.distinct(func(id FigureID) string { return id.Command })
}

func (c *Comparison) distinct(of func(FigureID) string) []string {
	var list []string
	for _, d := range c.Figures {
		if v := of(d.FigureID); v != "" && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

func (c *Comparison) differsTable() table {
	t := table{Title: "What differs", Head: words("", "A", "B")}
	for _, d := range c.Differs {
		t.Rows = append(t.Rows, []string{d.What, orNone(d.A), orNone(d.B)})
	}
	return t
}

func (c *Comparison) runsTable() table {
	t := table{Title: "Runs", Head: append(words("side", "run", "verdict"), numbers("seed")...)}
	for _, s := range []struct {
		name string
		side Side
	}{{"A", c.A}, {"B", c.B}} {
		for _, r := range s.side.Runs {
			t.Rows = append(t.Rows, []string{s.name, r.ID, string(r.Verdict), fmt.Sprint(r.Seed)})
		}
	}
	return t
}

const comparisonNote = "Change is the median of all differences between a run of B and one of A, with its 95 % interval. " +
	"p is that of the Mann-Whitney U test, corrected for the figures beside it (judged: Holm; others: Benjamini and Hochberg). " +
	"A change counts if p is below 0.05 and the change at least what matters. " +
	"~ stands where none does; it is too noisy to tell if a change that matters could have been missed: 'would show' is what four of five such comparisons find."

// CompareText writes the comparison for a terminal.
func CompareText(w io.Writer, c *Comparison, color bool) error {
	p := &printer{color: color}
	tone := map[Answer]string{Worse: red, Better: green, Changed: yellow, Noisy: yellow, Same: dim}[c.Answer]
	p.line(p.paint(bold+";"+tone, answerMarks[c.Answer]+" "+strings.ToUpper(c.Headline())))
	p.line("  " + p.paint(dim, "A  ") + plain(c.A.line()))
	p.line("  " + p.paint(dim, "B  ") + plain(c.B.line()))
	for _, r := range c.Reasons {
		p.line("  • " + plain(r))
	}
	if a := c.Advice(); a != "" {
		p.line("  " + plain(a))
	}
	p.table(c.judgedTable())
	p.table(c.notableTable())
	p.table(c.differsTable())
	if len(c.Warnings) > 0 {
		p.head("Warnings")
		for _, text := range c.Warnings {
			p.line("  " + p.paint(yellow, "!") + " " + plain(text))
		}
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// CompareMarkdown writes the comparison for a pull request or a job summary.
func CompareMarkdown(w io.Writer, c *Comparison) error {
	m := &markup{}
	m.p("## %s %s\n\nA: %s. B: %s.\n", answerMarks[c.Answer], c.Headline(), c.A.line(), c.B.line())
	m.list(c.Reasons)
	if a := c.Advice(); a != "" {
		m.p("\n%s.\n", strings.ToUpper(a[:1])+a[1:])
	}
	for _, t := range []table{c.judgedTable(), c.notableTable(), c.pooledTable(), c.differsTable()} {
		m.table(t)
	}
	if len(c.Warnings) > 0 {
		m.p("\n### Warnings\n")
		m.list(c.Warnings)
	}
	m.p("\n<sub>%s</sub>\n", comparisonNote)
	_, err := io.WriteString(w, m.String())
	return err
}

// inUnit is a value as the axis of a plot has it: seconds, or the number.
func unitLabel(u scenarios.Unit, v float64) string {
	if v < 0 {
		return "−" + quantity(u, math.Abs(v))
	}
	return quantity(u, v)
}
