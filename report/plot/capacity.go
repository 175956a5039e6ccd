package plot

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/words"
)

// CurvePicture draws latency against rate, with the knee and the answer.
func CurvePicture(a compare.CapacityAnswer) Picture {
	p := Picture{Title: "Response time against rate, " + a.Title() + ", log scale", plot: newPlot(), height: 190, Legend: []LegendEntry{
		{"p50", inkP50, false}, {"p99", inkP99, false}, {"missed the objectives", inkFailed, true}, {"highest rate that met them", inkOK, false}, {"knee", inkDue, false}}}
	steps := a.Curve()
	low, high := math.Inf(1), 0.0
	var p50, p99 []point
	for _, s := range steps {
		low, high = min(low, max(s.P50.Std().Seconds(), 1e-6)), max(high, s.P99.Std().Seconds())
		p50 = append(p50, point{s.Rate, max(s.P50.Std().Seconds(), 1e-6)})
		p99 = append(p99, point{s.Rate, max(s.P99.Std().Seconds(), 1e-6)})
	}
	p.plot.X.Min, p.plot.X.Max = 0, steps[len(steps)-1].Rate*1.05
	p.plot.X.Tick.Marker = linearTicks{8, func(v float64) string { return words.Rate(v) }}
	logAxis(p.plot, low, high)
	p.plot.Add(gridLines(), curveMarks{a, steps}, linePlotter{p50, inkP50, nil}, linePlotter{p99, inkP99, nil}, missedDots{steps})
	return p
}

// curveMarks draws the knee and the answer as vertical lines.
type curveMarks struct {
	answer compare.CapacityAnswer
	steps  []compare.CapacityStep
}

// Plot implements plot.Plotter.
func (m curveMarks) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	if m.answer.Rate > 0 {
		c.StrokeLine2(draw.LineStyle{Color: inkOK.rgb, Width: 1.4}, x(m.answer.Rate), c.Min.Y, x(m.answer.Rate), c.Max.Y)
	}
	if k := compare.Knee(m.steps); k >= 0 {
		c.StrokeLine2(draw.LineStyle{Color: inkDue.rgb, Width: 1.2, Dashes: []vg.Length{4, 3}}, x(m.steps[k].Rate), c.Min.Y, x(m.steps[k].Rate), c.Max.Y)
	}
}

// missedDots mark the steps' p99 by whether they met the objectives.
type missedDots struct{ steps []compare.CapacityStep }

// Plot implements plot.Plotter.
func (m missedDots) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, s := range m.steps {
		ink := inkP99
		if s.Outcome == compare.Misses {
			ink = inkFailed
		}
		c.DrawGlyph(draw.GlyphStyle{Color: ink.rgb, Radius: 3, Shape: draw.CircleGlyph{}}, vg.Point{X: x(s.Rate), Y: y(s.P99.Std().Seconds())})
	}
}
