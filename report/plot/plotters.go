package plot

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// point of a line; a NaN y is a gap.
type point struct{ x, y float64 }

var dashes = []vg.Length{3, 3}

// band shades a stretch of the x axis, with its name at the top.
type band struct {
	from, to float64
	ink      Ink
	name     string
}

type bandsPlotter struct{ bands []band }

func (b bandsPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	free := c.Min.X
	st := style(textSize-1, inkText)
	for _, v := range b.bands {
		left, right := max(c.Min.X, x(v.from)), min(c.Max.X, x(v.to))
		if right <= left {
			continue
		}
		c.SetColor(v.ink.rgb)
		c.Fill(box(left, right, c.Min.Y, c.Max.Y))
	}
	for _, v := range b.bands {
		left := max(c.Min.X, x(v.from))
		if v.name == "" || left < free || left+st.Width(v.name) > c.Max.X {
			continue
		}
		c.FillText(st, vg.Point{X: left + 3, Y: c.Max.Y - 11}, v.name)
		free = left + st.Width(v.name) + 8
	}
}

func box(left, right, bottom, top vg.Length) vg.Path {
	return vg.Rectangle{Min: vg.Point{X: left, Y: bottom}, Max: vg.Point{X: right, Y: top}}.Path()
}

// bordersPlotter draws vertical lines between phases.
type bordersPlotter struct{ at []float64 }

func (b bordersPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	for _, v := range b.at {
		if at := x(v); at > c.Min.X && at < c.Max.X {
			c.StrokeLine2(draw.LineStyle{Color: inkDue.rgb, Width: 0.6, Dashes: []vg.Length{2, 2}}, at, c.Min.Y, at, c.Max.Y+rowHeight-3)
		}
	}
}

type linePlotter struct {
	points []point
	ink    Ink
	dashes []vg.Length
}

// Plot draws the runs of points between gaps; one alone becomes a dot.
func (l linePlotter) Plot(c draw.Canvas, p *plot.Plot) {
	st := draw.LineStyle{Color: l.ink.rgb, Width: 1.4, Dashes: l.dashes}
	if l.dashes != nil {
		st.Width = 1
	}
	for _, run := range runs(c, p, l.points) {
		if len(run) == 1 {
			c.DrawGlyph(draw.GlyphStyle{Color: l.ink.rgb, Radius: 1.6, Shape: draw.CircleGlyph{}}, run[0])
			continue
		}
		c.StrokeLines(st, run)
	}
}

func runs(c draw.Canvas, p *plot.Plot, points []point) [][]vg.Point {
	x, y := p.Transforms(&c)
	var list [][]vg.Point
	open := false
	for _, v := range points {
		if math.IsNaN(v.y) {
			open = false
			continue
		}
		if !open {
			list = append(list, nil)
			open = true
		}
		n := len(list) - 1
		list[n] = append(list[n], vg.Point{X: x(v.x), Y: y(v.y)})
	}
	return list
}

type areaPlotter struct {
	points []point
	ink    Ink
}

func (a areaPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	for _, run := range runs(c, p, a.points) {
		path := vg.Path{}
		path.Move(vg.Point{X: run[0].X, Y: c.Min.Y})
		for _, v := range run {
			path.Line(v)
		}
		path.Line(vg.Point{X: run[len(run)-1].X, Y: c.Min.Y})
		path.Close()
		c.SetColor(a.ink.rgb)
		c.Fill(path)
	}
}

// part of a stacked bar.
type part struct {
	value float64
	ink   Ink
}

type bar struct {
	from, to float64
	parts    []part
}

type barsPlotter struct{ bars []bar }

func (b barsPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, v := range b.bars {
		left, right := x(v.from), x(v.to)
		gap := min(1, (right-left)*0.1)
		base := 0.0
		for _, part := range v.parts {
			if part.value > 0 {
				c.SetColor(part.ink.rgb)
				c.Fill(box(left+gap, right-gap, y(base), y(base+part.value)))
				base += part.value
			}
		}
	}
}

// rowBar is a horizontal bar made of parts.
type rowBar struct {
	label, total string
	parts        []part
}

type rowsPlotter struct{ rows []rowBar }

func (r rowsPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	st := style(textSize, inkText)
	st.YAlign = draw.YCenter
	for i, row := range r.rows {
		middle := float64(len(r.rows)-i) - 0.5
		bottom, top := y(middle-0.36), y(middle+0.36)
		base := 0.0
		for _, part := range row.parts {
			c.SetColor(part.ink.rgb)
			c.Fill(box(x(base), x(base+part.value), bottom, top))
			base += part.value
		}
		c.FillText(st, vg.Point{X: x(base) + 5, Y: y(middle)}, row.total)
	}
}

type rowTicks []rowBar

func (r rowTicks) Ticks(_, _ float64) []plot.Tick {
	var list []plot.Tick
	for i, row := range r {
		list = append(list, plot.Tick{Value: float64(len(r)-i) - 0.5, Label: row.label})
	}
	return list
}

// dotsPlotter draws a sorted sample on a strip.
type dotsPlotter struct {
	dots              []float64
	median, low, high float64
	predLow, predHigh float64
	predicted         bool
}

func (d dotsPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	if d.predicted {
		c.SetColor(inkPredict.rgb)
		c.Fill(box(x(d.predLow), x(d.predHigh), c.Min.Y, c.Max.Y))
	}
	c.SetColor(inkDue.rgb)
	c.Fill(box(x(d.low), x(d.high), y(0.06), y(0.12)))
	c.StrokeLine2(draw.LineStyle{Color: inkText.rgb, Width: 1.4}, x(d.median), y(0.02), x(d.median), y(0.98))
	// Dots that would touch are stacked, so that all can be counted.
	const radius = 3.2
	var last vg.Length = -100
	level := 0
	for _, v := range d.dots {
		at := x(v)
		if at-last < 2*radius {
			level = (level + 1) % 5
		} else {
			level = 0
		}
		last = at
		c.DrawGlyph(draw.GlyphStyle{Color: inkStep2.rgb, Radius: radius, Shape: draw.CircleGlyph{}},
			vg.Point{X: at, Y: y(0.26 + 0.15*float64(level))})
	}
}
