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
	//go:embed capacity.tmpl.html
	capacityPageText string

	capacityPage = template.Must(template.Must(pageTemplate.Clone()).New("capacity").Parse(capacityPageText))
)

func (a CapacityAnswer) title() string {
	state := "healthy"
	if a.OneDown {
		state = "one primary down"
	}
	return fmt.Sprintf("%d shards, %s", a.Shards, state)
}

func (c *Capacity) answersTable() table {
	t := table{Title: "Capacity", Head: slices.Concat(words("shards", "state"), numbers("highest rate", "missed at", "by shard", "p50", "p99", "busiest node", "all nodes"), words("confirmed", "limited by"))}
	for _, a := range c.Answers {
		state := "healthy"
		if a.OneDown {
			state = "one primary down"
		}
		row := []string{fmt.Sprint(a.Shards), state, none, none, none, none, none, none, none, "no", orNone(a.Limit)}
		if a.Rate > 0 {
			row[2], row[4] = rate(a.Rate), rate(a.Rate/float64(a.Shards))
			for _, s := range a.Steps {
				if s.Rate == a.Rate && s.Outcome == Meets {
					row[5], row[6] = duration(s.P50), duration(s.P99)
					row[7], row[8] = coresText(s.Cores), coresText(s.AllCores)
				}
			}
		}
		if a.Misses > 0 {
			row[3] = rate(a.Misses)
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
		return none
	}
	return fmt.Sprintf("%.2f cores", v)
}

func (a CapacityAnswer) stepsTable() table {
	t := table{Title: "Steps, " + a.title(), Head: slices.Concat(numbers("rate"), words("outcome"), numbers("ok", "p50", "p90", "p99", "busiest node"), words("run"), long("why"))}
	for _, s := range a.Steps {
		t.Rows = append(t.Rows, []string{rate(s.Rate), string(s.Outcome), percent(s.OK), duration(s.P50), duration(s.P90), duration(s.P99), coresText(s.Cores), s.Run, orNone(s.Why)})
	}
	return t
}

func (c *Capacity) facts() string {
	e := c.Environment
	return sentence(" · ", "Redis "+orNone(c.Redis), fmt.Sprintf("%d × %s", e.CPUs, orNone(e.CPUModel)), "each rate held for "+c.Hold, strings.Join(c.Objectives, ", "))
}

// Shared tells what a reader must know of figures that were measured on one
// machine.
func (c *Capacity) Shared() string {
	if c.Environment.Provider != "local" {
		return ""
	}
	return fmt.Sprintf("all nodes and the load shared one machine of %s: shards that have cores of their own carry more", plural(c.Environment.CPUs, "core", "cores"))
}

// CapacityText writes the answer for a terminal.
func CapacityText(w io.Writer, c *Capacity, color bool) error {
	p := &printer{color: color}
	p.line(p.paint(bold, "Capacity of "+c.Scenario))
	p.line("  " + p.paint(dim, c.facts()))
	for _, s := range c.Sizes {
		p.line("  • " + plain(s.String()))
	}
	if text := c.Shared(); text != "" {
		p.line("  " + p.paint(yellow, "!") + " " + plain(text))
	}
	p.table(c.answersTable())
	_, err := io.WriteString(w, p.out.String())
	return err
}

// CapacityMarkdown writes the answer with every step.
func CapacityMarkdown(w io.Writer, c *Capacity) error {
	m := &markup{}
	m.p("## Capacity of %s\n\n%s.\n\n", c.Scenario, c.facts())
	for _, s := range c.Sizes {
		m.p("- %s\n", s.String())
	}
	if text := c.Shared(); text != "" {
		m.p("- %s\n", text)
	}
	m.table(c.answersTable())
	for _, a := range c.Answers {
		m.table(drop(a.stepsTable(), "run"))
	}
	_, err := io.WriteString(w, m.String())
	return err
}

// CapacityHTML writes the answer as one file that needs nothing else.
func CapacityHTML(w io.Writer, c *Capacity) error {
	view := struct {
		C             *Capacity
		CSS           template.CSS
		Facts, Shared string
		Sizes         []string
		Answers       table
		Curves        []figure
		Steps         []table
	}{C: c, CSS: template.CSS(pageCSS + pagesCSS), Facts: c.facts(), Shared: c.Shared(), Answers: c.answersTable()}
	for _, s := range c.Sizes {
		text := s.String()
		view.Sizes = append(view.Sizes, strings.ToUpper(text[:1])+text[1:])
	}
	var pictures []picture
	for _, a := range c.Answers {
		view.Steps = append(view.Steps, a.stepsTable())
		if len(a.curve()) > 1 {
			pictures = append(pictures, curvePicture(a))
		}
	}
	var err error
	if view.Curves, err = figures(pictures); err != nil {
		return err
	}
	return execute(w, capacityPage, view)
}

// curvePicture draws latency against rate, with the knee and the answer.
func curvePicture(a CapacityAnswer) picture {
	p := picture{title: "Response time against rate, " + a.title() + ", log scale", plot: newPlot(), height: 190, legend: []legendEntry{
		{"p50", inkP50, false}, {"p99", inkP99, false}, {"missed the objectives", inkFailed, true}, {"highest rate that met them", inkOK, false}, {"knee", inkDue, false}}}
	steps := a.curve()
	low, high := math.Inf(1), 0.0
	var p50, p99 []point
	for _, s := range steps {
		low, high = min(low, max(s.P50.Std().Seconds(), 1e-6)), max(high, s.P99.Std().Seconds())
		p50 = append(p50, point{s.Rate, max(s.P50.Std().Seconds(), 1e-6)})
		p99 = append(p99, point{s.Rate, max(s.P99.Std().Seconds(), 1e-6)})
	}
	p.plot.X.Min, p.plot.X.Max = 0, steps[len(steps)-1].Rate*1.05
	p.plot.X.Tick.Marker = linearTicks{8, func(v float64) string { return rate(v) }}
	logAxis(p.plot, low, high)
	p.plot.Add(gridLines(), curveMarks{a, steps}, linePlotter{p50, inkP50, nil}, linePlotter{p99, inkP99, nil}, missedDots{steps})
	return p
}

// curveMarks draws the knee and the answer as vertical lines.
type curveMarks struct {
	answer CapacityAnswer
	steps  []CapacityStep
}

// Plot implements plot.Plotter.
func (m curveMarks) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	if m.answer.Rate > 0 {
		c.StrokeLine2(draw.LineStyle{Color: inkOK.rgb, Width: 1.4}, x(m.answer.Rate), c.Min.Y, x(m.answer.Rate), c.Max.Y)
	}
	if k := knee(m.steps); k >= 0 {
		c.StrokeLine2(draw.LineStyle{Color: inkDue.rgb, Width: 1.2, Dashes: []vg.Length{4, 3}}, x(m.steps[k].Rate), c.Min.Y, x(m.steps[k].Rate), c.Max.Y)
	}
}

// missedDots mark the steps' p99 by whether they met the objectives.
type missedDots struct{ steps []CapacityStep }

// Plot implements plot.Plotter.
func (m missedDots) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, s := range m.steps {
		ink := inkP99
		if s.Outcome == Misses {
			ink = inkFailed
		}
		c.DrawGlyph(draw.GlyphStyle{Color: ink.rgb, Radius: 3, Shape: draw.CircleGlyph{}}, vg.Point{X: x(s.Rate), Y: y(s.P99.Std().Seconds())})
	}
}
