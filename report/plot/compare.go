package plot

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

func sideLegend() []LegendEntry {
	return []LegendEntry{{"A", inkSideA, false}, {"B", inkSideB, false}}
}

// DotPictures show every value of the judged figures that have a spread.
func DotPictures(c *compare.Comparison) []Picture {
	var list []Picture
	for _, d := range c.Figures {
		if d.Judged && !d.Constant() {
			list = append(list, dotPicture(d))
		}
	}
	return list
}

func dotPicture(d compare.FigureDelta) Picture {
	p := Picture{Title: d.String() + ", each run", plot: newPlot(), height: 78, Legend: []LegendEntry{
		{"A", inkSideA, true}, {"B", inkSideB, true}, {"median and its 95 % interval", inkDue, true}}}
	if len(d.ValuesA) > d.A.N || d.Phase == "" && d.Unit == results.UnitDuration {
		p.Title = d.String() + ", each failover"
	}
	all := slices.Concat(d.ValuesA, d.ValuesB)
	low, high := slices.Min(all), slices.Max(all)
	room := (high - low) * 0.06
	p.plot.X.Min, p.plot.X.Max = low-room, high+room
	p.plot.X.Tick.Marker = linearTicks{6, func(v float64) string { return words.UnitLabel(d.Unit, v) }}
	p.plot.Y.Min, p.plot.Y.Max = 0, 2
	p.plot.Y.Tick.Marker = rowTicks{{label: "A"}, {label: "B"}}
	p.plot.Add(sidesPlotter{d})
	return p
}

// sidesPlotter draws the values of A over those of B.
type sidesPlotter struct{ d compare.FigureDelta }

func (s sidesPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, side := range []struct {
		values            []float64
		median, low, high float64
		middle            float64
		ink               Ink
	}{
		{s.d.ValuesA, s.d.A.Median, s.d.A.Low, s.d.A.High, 1.5, inkSideA},
		{s.d.ValuesB, s.d.B.Median, s.d.B.Low, s.d.B.High, 0.5, inkSideB},
	} {
		c.SetColor(inkGrid.rgb)
		c.Fill(box(x(side.low), x(side.high), y(side.middle-0.34), y(side.middle+0.34)))
		for _, v := range side.values {
			c.DrawGlyph(draw.GlyphStyle{Color: side.ink.rgb, Radius: 3.4, Shape: draw.CircleGlyph{}}, vg.Point{X: x(v), Y: y(side.middle)})
		}
		c.StrokeLine2(draw.LineStyle{Color: inkText.rgb, Width: 1.6}, x(side.median), y(side.middle-0.4), x(side.median), y(side.middle+0.4))
	}
}

// OverlayPictures lay A and B over each other: percentiles of all requests,
// throughput and p99 second by second, failovers as curves.
func OverlayPictures(c *compare.Comparison) []Picture {
	var list []Picture
	if p, ok := percentilePicture(c); ok {
		list = append(list, p)
	}
	list = append(list, secondPictures(c)...)
	if p, ok := failoverPicture(c); ok {
		list = append(list, p)
	}
	return list
}

// percentilePicture has one x step for each additional nine.
func percentilePicture(c *compare.Comparison) (Picture, bool) {
	p := Picture{Title: "Response time by percentile, all runs together, log scale", plot: newPlot(), height: timelineHeight + 20, Legend: sideLegend()}
	key := facts.HistogramKey{Phase: results.All, Command: results.All, Time: "response"}
	low, high, nines := math.Inf(1), 0.0, 0.0
	lines := make([][]point, 2)
	for i := range lines {
		h := c.Pools[i].Merged[key]
		if h == nil || h.TotalCount() == 0 {
			return p, false
		}
		// Beyond ten requests from the end a percentile is a single request.
		end := max(1, math.Log10(float64(h.TotalCount())/10))
		nines = max(nines, end)
		for at := 0.0; at <= end; at += 0.05 {
			q := 100 * (1 - math.Pow(10, -at))
			v := max(1e-6, facts.Micros(h.ValueAtPercentile(q)).Std().Seconds())
			low, high = min(low, v), max(high, v)
			lines[i] = append(lines[i], point{at, v})
		}
	}
	p.plot.X.Min, p.plot.X.Max = 0, nines
	p.plot.X.Tick.Marker = percentileTicks{}
	logAxis(p.plot, low, high)
	p.plot.Add(gridLines(), linePlotter{lines[0], inkSideA, nil}, linePlotter{lines[1], inkSideB, nil})
	return p, true
}

type percentileTicks struct{}

func (percentileTicks) Ticks(_, high float64) []plot.Tick {
	var list []plot.Tick
	for _, t := range []struct {
		share float64
		label string
	}{{0, "0"}, {0.5, "p50"}, {0.9, "p90"}, {0.99, "p99"}, {0.999, "p99.9"}, {0.9999, "p99.99"}, {0.99999, "p99.999"}} {
		if at := -math.Log10(1 - t.share); at <= high+1e-9 {
			list = append(list, plot.Tick{Value: at, Label: t.label})
		}
	}
	return list
}

// logAxis fits a logarithmic y axis in seconds: to powers of ten, or if it spans
// less than two of them closely.
func logAxis(p *plot.Plot, low, high float64) {
	p.Y.Scale = plot.LogScale{}
	if high/low < 100 {
		p.Y.Min, p.Y.Max = low/1.15, high*1.15
		p.Y.Tick.Marker = fineLogTicks{}
		return
	}
	p.Y.Tick.Marker = logTicks{}
	p.Y.Min = math.Pow(10, math.Floor(math.Log10(low)))
	p.Y.Max = math.Pow(10, math.Ceil(math.Log10(high)))
}

// fineLogTicks labels 1, 2 and 5 times the powers of ten.
type fineLogTicks struct{}

func (fineLogTicks) Ticks(low, high float64) []plot.Tick {
	var list []plot.Tick
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for _, f := range []float64{1, 2, 5} {
			if v := f * math.Pow(10, e); low <= v && v <= high {
				list = append(list, plot.Tick{Value: v, Label: words.UnitLabel(results.UnitDuration, v)})
			}
		}
	}
	return list
}

// secondPictures follow the timeline: the median run's throughput, and the p99
// of the requests of all runs.
func secondPictures(c *compare.Comparison) []Picture {
	var ok, p99 [2][]point
	low, high := math.Inf(1), 0.0
	var top []point
	for i, pool := range c.Pools {
		for s, v := range pool.Seconds {
			x := float64(s) + 0.5
			rates := slices.Clone(v.OK)
			slices.Sort(rates)
			middle := (rates[(len(rates)-1)/2] + rates[len(rates)/2]) / 2
			ok[i] = append(ok[i], point{x, middle})
			y := math.NaN()
			if v.Response != nil && v.Response.TotalCount() > 0 {
				y = max(1e-6, facts.Micros(v.Response.ValueAtPercentile(99)).Std().Seconds())
				low, high = min(low, y), max(high, y)
			}
			p99[i] = append(p99[i], point{x, y})
		}
		top = append(top, ok[i]...)
	}
	if len(top) == 0 || high == 0 {
		return nil
	}
	list := []Picture{
		{Title: "Requests answered ok per second of the timeline, median of the runs", plot: newPlot(), height: timelineHeight, Legend: sideLegend()},
		{Title: "p99 response time of the requests due in each second, all runs together, log scale", plot: newPlot(), height: timelineHeight, Legend: sideLegend()},
	}
	scaleFromZero(list[0].plot, top)
	logAxis(list[1].plot, low, high)
	for i, lines := range [][2][]point{ok, p99} {
		pl := list[i].plot
		pl.X.Min, pl.X.Max = 0, float64(max(len(ok[0]), len(ok[1])))
		pl.X.Tick.Marker = linearTicks{12, func(v float64) string { return signed(v) + " s" }}
		pl.Add(gridLines(), linePlotter{lines[0], inkSideA, nil}, linePlotter{lines[1], inkSideB, nil})
	}
	AlignLeft(list)
	return list
}

// failoverPicture is the share of failovers that had ended after a time.
func failoverPicture(c *compare.Comparison) (Picture, bool) {
	p := Picture{Title: "Share of failovers that had ended, by time since the fault", plot: newPlot(), height: timelineHeight, Legend: sideLegend()}
	high := 0.0
	lines := make([][]point, 2)
	for i, pool := range c.Pools {
		var times []float64
		for _, f := range pool.Failovers {
			times = append(times, f.Server.Std().Seconds())
		}
		slices.Sort(times)
		lines[i] = append(lines[i], point{0, 0})
		for n, v := range times {
			lines[i] = append(lines[i], point{v, float64(n) / float64(len(times))}, point{v, float64(n+1) / float64(len(times))})
			high = max(high, v)
		}
	}
	if len(lines[0]) == 1 || len(lines[1]) == 1 {
		return p, false
	}
	for i := range lines {
		lines[i] = append(lines[i], point{high * 1.05, 1})
	}
	p.plot.X.Min, p.plot.X.Max = 0, high*1.05
	p.plot.X.Tick.Marker = linearTicks{10, func(v float64) string { return signed(v) + " s" }}
	p.plot.Y.Min, p.plot.Y.Max = 0, 1
	p.plot.Y.Tick.Marker = linearTicks{4, func(v float64) string { return words.Percent(v) }}
	p.plot.Add(gridLines(), linePlotter{lines[0], inkSideA, nil}, linePlotter{lines[1], inkSideB, nil})
	return p, true
}
