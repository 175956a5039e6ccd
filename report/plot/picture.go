// Package plot draws pictures of runs, comparisons, trends and capacity: as PNG for
// files and as SVG for pages, which give their colours.
package plot

import (
	"bytes"
	"fmt"
	"html"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Picture is one plot with the frame around it.
type Picture struct {
	// File is its name without extension; Title is its heading.
	File, Title string
	Legend      []LegendEntry
	plot        *plot.Plot
	height      vg.Length
	// above is drawn between legend and plot: the names of phases.
	above []mark
	// indent moves the plot right, to align it with others.
	indent vg.Length
}

// LegendEntry explains a colour; Area ones are filled.
type LegendEntry struct {
	Name string
	Ink  Ink
	Area bool
}

// mark is a text at a place on the x axis.
type mark struct {
	x    float64
	text string
}

const (
	pictureWidth vg.Length = 760
	// pngDPI gives images of about 1600 pixels.
	pngDPI               = 150
	rowHeight  vg.Length = 15
	textSize   vg.Length = 9.5
	leftMargin vg.Length = 2
)

// SVG is the picture for a page, without title and legend: the page has its own.
func (p Picture) SVG() (string, error) {
	c := vgsvg.New(pictureWidth, p.height)
	p.draw(draw.New(c), false)
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return "", fmt.Errorf("drawing %s: %w", p.File, err)
	}
	return themed(buf.String(), html.EscapeString(p.Title)), nil
}

// draw paints the picture; title and legend only for a file of its own.
func (p Picture) draw(c draw.Canvas, alone bool) {
	if alone {
		c.SetColor(inkPaper.rgb)
		c.Fill(c.Rectangle.Path())
		c = draw.Crop(c, 10, -12, 6, 0)
		head := style(textSize+2, inkText)
		head = bold(head)
		c.FillText(head, vg.Point{X: c.Min.X + leftMargin, Y: c.Max.Y - rowHeight}, p.Title)
		p.drawLegend(c, c.Max.Y-rowHeight*19/10)
		c = draw.Crop(c, 0, 0, 0, -2*rowHeight)
	}
	c = draw.Crop(c, p.indent, 0, 0, 0)
	if len(p.above) > 0 {
		c = draw.Crop(c, 0, 0, 0, -rowHeight)
		p.drawAbove(c)
	}
	p.plot.Draw(c)
}

func (p Picture) drawLegend(c draw.Canvas, y vg.Length) {
	x := c.Min.X + leftMargin
	st := style(textSize, inkMuted)
	for _, e := range p.Legend {
		box := vg.Rectangle{Min: vg.Point{X: x, Y: y - 1}, Max: vg.Point{X: x + 10, Y: y + 7}}
		if !e.Area {
			box.Min.Y, box.Max.Y = y+2, y+4
		}
		c.SetColor(e.Ink.rgb)
		c.Fill(box.Path())
		c.FillText(st, vg.Point{X: x + 14, Y: y}, e.Name)
		x += 14 + st.Width(e.Name) + 14
	}
}

// drawAbove puts the names of phases over the start of each, where there is room.
func (p Picture) drawAbove(c draw.Canvas) {
	data := p.plot.DataCanvas(c)
	x, _ := p.plot.Transforms(&data)
	st := style(textSize, inkMuted)
	free := data.Min.X
	for i, m := range p.above {
		at := x(m.x)
		end := data.Max.X
		if i+1 < len(p.above) {
			end = x(p.above[i+1].x)
		}
		if at < free-1 || at+st.Width(m.text) > end {
			continue
		}
		c.FillText(st, vg.Point{X: at + 2, Y: data.Max.Y + 4}, m.text)
		free = at + st.Width(m.text) + 6
	}
}

func style(size vg.Length, i Ink) text.Style {
	return text.Style{
		Color:   i.rgb,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		Handler: plot.DefaultTextHandler,
	}
}

// newPlot is a plot in the house style.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color = inkGrid.rgb
		axis.Width = 0.8
		axis.Padding = 0
		axis.Tick.LineStyle.Color = inkGrid.rgb
		axis.Tick.Length = 3
		axis.Tick.Label = withAlign(style(textSize, inkMuted), axis.Tick.Label)
		axis.Label.TextStyle = withAlign(style(textSize, inkMuted), axis.Label.TextStyle)
	}
	p.Y.Width = 0
	p.Y.Tick.LineStyle.Width = 0
	p.X.Label.Position = draw.PosRight
	return p
}

func withAlign(st, from text.Style) text.Style {
	st.XAlign, st.YAlign = from.XAlign, from.YAlign
	return st
}

// gridLines are horizontal lines at the ticks.
func gridLines() *plotter.Grid {
	g := plotter.NewGrid()
	g.Vertical.Width = 0
	g.Horizontal = draw.LineStyle{Color: inkGrid.rgb, Width: 0.6}
	return g
}

// AlignLeft makes the plots' data begin at the same place, so that one moment
// is at one place in all of them.
func AlignLeft(list []Picture) {
	var widest vg.Length
	left := make([]vg.Length, len(list))
	for i, p := range list {
		c := draw.NewCanvas(vgsvg.New(pictureWidth, p.height), pictureWidth, p.height)
		left[i] = p.plot.DataCanvas(c).Min.X
		widest = max(widest, left[i])
	}
	for i := range list {
		list[i].indent = widest - left[i]
	}
}

// niceStep is 1, 2 or 5 times a power of ten, so that span has at most n steps.
func niceStep(span float64, n int) float64 {
	if span <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(span/float64(n))))
	for _, f := range []float64{1, 2, 5} {
		if span/(f*power) <= float64(n) {
			return f * power
		}
	}
	return 10 * power
}

// linearTicks labels a linear axis.
type linearTicks struct {
	n     int
	label func(float64) string
}

func (t linearTicks) Ticks(low, high float64) []plot.Tick {
	step := niceStep(high-low, t.n)
	var list []plot.Tick
	for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9; i++ {
		list = append(list, plot.Tick{Value: i * step, Label: t.label(i * step)})
	}
	return list
}

// logTicks labels the powers of ten of an axis in seconds.
type logTicks struct{}

func (logTicks) Ticks(low, high float64) []plot.Tick {
	var list []plot.Tick
	for e := math.Ceil(math.Log10(low) - 1e-9); e <= math.Log10(high)+1e-9; e++ {
		list = append(list, plot.Tick{Value: math.Pow(10, e), Label: powerLabel(int(e))})
	}
	return list
}

func powerLabel(exponent int) string {
	switch {
	case exponent < -3:
		return fmt.Sprintf("%.0f µs", math.Pow(10, float64(exponent+6)))
	case exponent < 0:
		return fmt.Sprintf("%.0f ms", math.Pow(10, float64(exponent+3)))
	}
	return fmt.Sprintf("%.0f s", math.Pow(10, float64(exponent)))
}
