package plot

import (
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/results"
)

// maxBins bounds the points of a plot; longer runs are drawn with several
// seconds to a point.
const maxBins = 900

// series is the run over time as plots show it.
type series struct {
	// width of a bin in whole seconds.
	width int
	bins  []bin
}

// bin sums the frames and merges the response histograms of its seconds.
type bin struct {
	// from is its start in seconds since the timeline's start; below 0 in the
	// warm-up.
	from      float64
	counts    results.Counts
	completed int
	// quantiles of response in seconds, nil if nothing was answered.
	quantiles []float64
}

// plotQuantiles are the percentiles of the latency plot.
func plotQuantiles() []float64 { return []float64{50, 99, 99.9} }

func newSeries(b *results.Bundle) series {
	last := -1
	for _, f := range b.Frames {
		last = max(last, f.Seq)
	}
	s := series{width: 1 + last/maxBins}
	start := (b.Run.LoadStart - b.Run.TimelineStart).Std()
	for from := 0; from <= last; from += s.width {
		s.bins = append(s.bins, bin{from: (start + time.Duration(from)*time.Second).Seconds()})
	}
	for _, f := range b.Frames {
		v := &s.bins[f.Seq/s.width]
		v.completed += f.Completed
		for _, c := range f.Commands {
			v.counts = v.counts.Plus(c)
		}
	}
	merged := facts.Histograms[int]{}
	for _, i := range b.Intervals {
		n := i.Second / s.width
		if i.Time != results.Response || i.Second < 0 || n >= len(s.bins) {
			continue
		}
		merged.Merge(n, i.Histogram)
	}
	for n, h := range merged {
		if h.TotalCount() == 0 {
			continue
		}
		for _, us := range h.ValueAtPercentilesSlice(plotQuantiles()) {
			// A logarithmic axis has no zero; a microsecond is the resolution.
			s.bins[n].quantiles = append(s.bins[n].quantiles, max(1, float64(us))/1e6)
		}
	}
	return s
}

// middle of a bin, where its point is drawn.
func (s series) middle(b bin) float64 { return b.from + float64(s.width)/2 }

// perSecond spreads a count over the bin.
func (s series) perSecond(n int) float64 { return float64(n) / float64(s.width) }
