package render

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/plot"
	"github.com/slotstorm/slotstorm/report/words"
)

var (
	//go:embed capacity.tmpl.html
	capacityPageText string

	capacityPage = template.Must(template.Must(pageTemplate.Clone()).New("capacity").Parse(capacityPageText))
)

func answersTable(c *compare.Capacity) doc.Table {
	t := doc.Table{Title: "Capacity", Head: slices.Concat(doc.Columns("shards", "state"), doc.Numbers("highest rate", "missed at", "by shard", "p50", "p99", "busiest node", "all nodes"), doc.Columns("confirmed", "limited by"))}
	for _, a := range c.Answers {
		state := "healthy"
		if a.OneDown {
			state = "one primary down"
		}
		row := []string{fmt.Sprint(a.Shards), state, words.None, words.None, words.None, words.None, words.None, words.None, words.None, "no", words.OrNone(a.Limit)}
		if a.Rate > 0 {
			row[2], row[4] = words.Rate(a.Rate), words.Rate(a.Rate/float64(a.Shards))
			for _, s := range a.Steps {
				if s.Rate == a.Rate && s.Outcome == compare.Meets {
					row[5], row[6] = words.Duration(s.P50), words.Duration(s.P99)
					row[7], row[8] = coresText(s.Cores), coresText(s.AllCores)
				}
			}
		}
		if a.Misses > 0 {
			row[3] = words.Rate(a.Misses)
		}
		if a.Confirmed {
			row[9] = "yes"
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func coresText(v float64) string {
	if v == 0 {
		return words.None
	}
	return fmt.Sprintf("%.2f cores", v)
}

func capacitySteps(a compare.CapacityAnswer) doc.Table {
	t := doc.Table{Title: "Steps, " + a.Title(), Head: slices.Concat(doc.Numbers("rate"), doc.Columns("outcome"), doc.Numbers("ok", "p50", "p90", "p99", "busiest node"), doc.Columns("run"), doc.Long("why"))}
	for _, s := range a.Steps {
		t.Rows = append(t.Rows, []string{words.Rate(s.Rate), string(s.Outcome), words.Percent(s.OK), words.Duration(s.P50), words.Duration(s.P90), words.Duration(s.P99), coresText(s.Cores), s.Run, words.OrNone(s.Why)})
	}
	return t
}

func capacityFacts(c *compare.Capacity) string {
	e := c.Environment
	return words.Sentence(" · ", "Redis "+words.OrNone(c.Redis), fmt.Sprintf("%d × %s", e.CPUs, words.OrNone(e.CPUModel)), "each rate held for "+c.Hold, strings.Join(c.Objectives, ", "))
}

// CapacityText writes the answer for a terminal.
func CapacityText(w io.Writer, c *compare.Capacity, color bool) error {
	p := &printer{color: color}
	p.line(p.paint(bold, "Capacity of "+c.Scenario))
	p.line("  " + p.paint(dim, capacityFacts(c)))
	for _, s := range c.Sizes {
		p.line("  • " + plain(s.String()))
	}
	if text := c.Shared(); text != "" {
		p.line("  " + p.paint(yellow, "!") + " " + plain(text))
	}
	p.table(answersTable(c))
	_, err := io.WriteString(w, p.out.String())
	return err
}

// CapacityMarkdown writes the answer with every step.
func CapacityMarkdown(w io.Writer, c *compare.Capacity) error {
	m := &markup{}
	m.p("## Capacity of %s\n\n%s.\n\n", c.Scenario, capacityFacts(c))
	for _, s := range c.Sizes {
		m.p("- %s\n", s.String())
	}
	if text := c.Shared(); text != "" {
		m.p("- %s\n", text)
	}
	m.table(answersTable(c))
	for _, a := range c.Answers {
		m.table(doc.Drop(capacitySteps(a), "run"))
	}
	_, err := io.WriteString(w, m.String())
	return err
}

// CapacityHTML writes the answer as one file that needs nothing else.
func CapacityHTML(w io.Writer, c *compare.Capacity) error {
	view := struct {
		C             *compare.Capacity
		CSS           template.CSS
		Facts, Shared string
		Sizes         []string
		Answers       doc.Table
		Curves        []figure
		Steps         []doc.Table
	}{C: c, CSS: template.CSS(pageCSS + pagesCSS), Facts: capacityFacts(c), Shared: c.Shared(), Answers: answersTable(c)}
	for _, s := range c.Sizes {
		text := s.String()
		view.Sizes = append(view.Sizes, strings.ToUpper(text[:1])+text[1:])
	}
	var pictures []plot.Picture
	for _, a := range c.Answers {
		view.Steps = append(view.Steps, capacitySteps(a))
		if len(a.Curve()) > 1 {
			pictures = append(pictures, plot.CurvePicture(a))
		}
	}
	var err error
	if view.Curves, err = figures(pictures); err != nil {
		return err
	}
	return execute(w, capacityPage, view)
}
