package plot

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/words"
)

// fromDays is a time in days.
func fromDays(days float64) time.Duration { return time.Duration(days * 24 * float64(time.Hour)) }

// TrendPicture draws a series over time, with its levels between changes.
func TrendPicture(t *compare.Trend, s compare.TrendSeries) Picture {
	p := Picture{Title: s.FigureID.String(), plot: newPlot(), height: 130, Legend: []LegendEntry{{"each run", inkOK, true}, {"level", inkText, false}}}
	start := t.Runs[0].Start
	days := func(i int) float64 { return t.Runs[i].Start.Sub(start).Hours() / 24 }
	var dots []point
	values := s.Measured()
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
	p.plot.Y.Tick.Marker = linearTicks{3, func(v float64) string { return words.UnitLabel(s.Unit, v) }}
	p.plot.Add(gridLines(), levelsPlotter{dots: dots, series: s, days: days, width: width})
	if len(s.Changes) > 0 {
		p.Legend = append(p.Legend, LegendEntry{"change for the worse", inkFailed, false}, LegendEntry{"other change", inkP50, false})
	}
	return p
}

type levelsPlotter struct {
	dots   []point
	series compare.TrendSeries
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
		if ch.Answer == compare.Worse {
			ink = inkFailed
		}
		c.StrokeLine2(draw.LineStyle{Color: ink.rgb, Width: 1.4, Dashes: []vg.Length{4, 2}}, x(border), c.Min.Y, x(border), c.Max.Y)
		from = border
		if i == len(l.series.Changes)-1 {
			level(border, l.width, ch.After)
		}
	}
	if len(l.series.Changes) == 0 {
		values := l.series.Measured()
		slices.Sort(values)
		level(0, l.width, (values[(len(values)-1)/2]+values[len(values)/2])/2)
	}
}
