package plot

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

const (
	timelineHeight vg.Length = 170
	// headroom over the highest value, for the names of faults.
	headroom = 1.18
)

// timelinePicture is a plot over the timeline's seconds with what happened then:
// warm-up, faults and outages as bands, and borders between phases.
func timelinePicture(b *results.Bundle, sr series, file, title string) Picture {
	p := Picture{File: file, Title: title, plot: newPlot(), height: timelineHeight + rowHeight}
	r := &b.Run
	at := func(m results.Duration) float64 { return (m - r.TimelineStart).Std().Seconds() }
	first, last := sr.bins[0].from, sr.bins[len(sr.bins)-1].from+float64(sr.width)
	p.plot.X.Min, p.plot.X.Max = first, last
	p.plot.X.Tick.Marker = linearTicks{12, func(v float64) string { return signed(v) + " s" }}

	var bands []band
	if first < 0 {
		bands = append(bands, band{first, 0, inkWarmup, ""})
		p.above = append(p.above, mark{first, "warm-up"})
	}
	for _, f := range r.Faults {
		if f.Injected > 0 {
			bands = append(bands, band{at(f.Injected), at(faultEnd(r, f)), inkFault, f.Name})
		}
	}
	for _, roll := range facts.Rolls(r.Upgrade) {
		if roll.Began > 0 {
			bands = append(bands, band{at(roll.Began), at(roll.Ended), inkPredict, roll.Name})
		}
	}
	var down []facts.Span
	for _, o := range r.ProbeOutages {
		down = append(down, facts.Span{From: o.From, To: o.To})
	}
	for _, s := range facts.Union(down) {
		bands = append(bands, band{at(s.From), at(s.To), inkOutage, ""})
	}
	var borders []float64
	for _, ph := range r.Phases {
		borders = append(borders, at(ph.From))
		p.above = append(p.above, mark{at(ph.From), ph.Name})
	}
	p.plot.Add(bandsPlotter{bands}, gridLines(), bordersPlotter{borders})
	return p
}

// faultEnd is when the fault's healing was verified, or the end of the run.
func faultEnd(r *results.Run, f results.Fault) results.Duration {
	if f.Verified > 0 {
		return f.Verified
	}
	return max(r.End, r.LoadEnd)
}

func signed(v float64) string {
	v = math.Round(v*10) / 10
	if v < 0 {
		return fmt.Sprintf("−%g", -v)
	}
	return fmt.Sprintf("%g", math.Abs(v))
}

func bandLegend() []LegendEntry {
	return []LegendEntry{{"fault, until healed", inkFault, true}, {"a shard refuses writes", inkOutage, true}}
}

func throughputPicture(b *results.Bundle, sr series) Picture {
	p := timelinePicture(b, sr, "throughput", "Requests per second")
	var ok, due, top []point
	for _, v := range sr.bins {
		x := sr.middle(v)
		ok = append(ok, point{x, sr.perSecond(v.counts.OK)})
		due = append(due, point{x, sr.perSecond(v.counts.Total())})
		top = append(top, point{x, float64(max(v.counts.OK, v.counts.Total())) / float64(sr.width)})
	}
	scaleFromZero(p.plot, top)
	p.plot.Add(areaPlotter{ok, inkOKFill}, linePlotter{due, inkDue, dashes}, linePlotter{ok, inkOK, nil})
	p.Legend = append([]LegendEntry{{"answered ok", inkOK, false}, {"due", inkDue, false}}, bandLegend()...)
	return p
}

func latencyPicture(b *results.Bundle, sr series) Picture {
	p := timelinePicture(b, sr, "latency", "Response time of the requests due in each second, log scale")
	low, high := 1e-3, 1e-3
	lines := make([][]point, len(plotQuantiles()))
	for _, v := range sr.bins {
		for i := range lines {
			y := math.NaN()
			if v.quantiles != nil {
				y = v.quantiles[i]
				low, high = min(low, y), max(high, y)
			}
			lines[i] = append(lines[i], point{sr.middle(v), y})
		}
	}
	p.plot.Y.Scale = plot.LogScale{}
	p.plot.Y.Tick.Marker = logTicks{}
	p.plot.Y.Min = math.Pow(10, math.Floor(math.Log10(low)))
	p.plot.Y.Max = math.Pow(10, math.Ceil(math.Log10(high*headroom)))
	inks := []Ink{inkP50, inkP99, inkP999}
	for i := len(lines) - 1; i >= 0; i-- {
		p.plot.Add(linePlotter{lines[i], inks[i], nil})
	}
	for i, name := range []string{"p50", "p99", "p99.9"} {
		p.Legend = append(p.Legend, LegendEntry{name, inks[i], false})
	}
	p.Legend = append(p.Legend, bandLegend()...)
	return p
}

func errorsPicture(b *results.Bundle, sr series) Picture {
	p := timelinePicture(b, sr, "errors", "Requests per second that were not answered ok")
	p.height -= 40
	var bars []bar
	var top []point
	for _, v := range sr.bins {
		c := v.counts
		bars = append(bars, bar{v.from, v.from + float64(sr.width), []part{
			{sr.perSecond(c.Failed), inkFailed}, {sr.perSecond(c.Unknown), inkUnknown}, {sr.perSecond(c.Overflow), inkOverflow},
		}})
		top = append(top, point{v.from, sr.perSecond(c.Failed + c.Unknown + c.Overflow)})
	}
	scaleFromZero(p.plot, top)
	p.plot.Add(barsPlotter{bars})
	p.Legend = append([]LegendEntry{{"failed", inkFailed, true}, {"unknown", inkUnknown, true}, {"overflow", inkOverflow, true}}, bandLegend()...)
	return p
}

// scaleFromZero fits the y axis to points, which are not negative.
func scaleFromZero(p *plot.Plot, points []point) {
	top := 1.0
	for _, v := range points {
		top = max(top, v.y)
	}
	p.Y.Min, p.Y.Max = 0, top*headroom
	p.Y.Tick.Marker = linearTicks{4, func(v float64) string {
		if v == math.Trunc(v) {
			return words.Count(int64(v))
		}
		return fmt.Sprintf("%g", v)
	}}
}

// maxBars bounds the failovers that are drawn one by one.
const maxBars = 40

// drawnFailovers are those that have steps to draw, at most maxBars.
func drawnFailovers(s *results.Summary) []results.Failover {
	var list []results.Failover
	for _, f := range s.Failovers {
		if f.Completed() && len(list) < maxBars {
			list = append(list, f)
		}
	}
	return list
}

// stepsPicture draws each failover as a bar made of its steps.
func stepsPicture(s *results.Summary) Picture {
	list := drawnFailovers(s)
	rows := make([]rowBar, 0, len(list))
	var longest float64
	for _, f := range list {
		row := rowBar{label: words.Origin(f), total: words.Duration(f.Server)}
		for i, name := range facts.ServerSteps() {
			if st := f.Step(name); st != nil {
				row.parts = append(row.parts, part{st.Took.Std().Seconds(), stepInks()[i]})
			}
		}
		longest = max(longest, f.Server.Std().Seconds())
		rows = append(rows, row)
	}
	p := Picture{
		File: "failovers", Title: "Duration of each failover, by step", plot: newPlot(),
		height: 40 + vg.Length(len(rows))*22, Legend: stepLegend(),
	}
	p.plot.X.Min, p.plot.X.Max = 0, longest*1.12
	p.plot.X.Tick.Marker = linearTicks{10, func(v float64) string { return signed(v) + " s" }}
	p.plot.Y.Min, p.plot.Y.Max = 0, float64(len(rows))
	p.plot.Y.Tick.Marker = rowTicks(rows)
	p.plot.Add(rowsPlotter{rows})
	return p
}

// stepLegend explains what the time of each step was spent on.
func stepLegend() []LegendEntry {
	var list []LegendEntry
	for i, name := range []string{"until PFAIL", "until FAIL", "until election", "until promoted", "until the probe writes"} {
		list = append(list, LegendEntry{name, stepInks()[i], true})
	}
	return list
}

// distributionPicture shows all failovers as dots, over the range that is
// predicted for every one of them.
func distributionPicture(s *results.Summary) Picture {
	var dots []float64
	low, high := math.Inf(-1), math.Inf(1)
	for _, f := range s.Failovers {
		if f.Completed() {
			dots = append(dots, f.Server.Std().Seconds())
			low = max(low, f.PredictedMin.Std().Seconds())
			high = min(high, f.PredictedMax.Std().Seconds())
		}
	}
	slices.Sort(dots)
	// Predictions use each election's own delay: their common part can be empty.
	shown := low < high
	p := Picture{File: "distribution", Title: "Time from fault to first successful write, each failover a dot", plot: newPlot(), height: 96, indent: 12}
	p.plot.X.Min, p.plot.X.Max = 0, dots[len(dots)-1]*1.08
	if shown {
		p.plot.X.Max = max(p.plot.X.Max, high*1.04)
	}
	p.plot.X.Tick.Marker = linearTicks{10, func(v float64) string { return signed(v) + " s" }}
	p.plot.Y.Min, p.plot.Y.Max = 0, 1
	p.plot.Y.Tick.Marker = plot.ConstantTicks{}
	d := s.FailoverStats
	p.plot.Add(dotsPlotter{dots, d.Median.Std().Seconds(), d.Low.Std().Seconds(), d.High.Std().Seconds(), low, high, shown})
	p.Legend = []LegendEntry{{"failover", inkStep2, true}, {"median", inkText, false},
		{fmt.Sprintf("its %.0f %% confidence interval", math.Floor(d.Confidence*100)), inkDue, true}}
	if shown {
		p.Legend = append(p.Legend, LegendEntry{"predicted for all", inkPredict, true})
	}
	return p
}
