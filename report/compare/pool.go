package compare

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/results"
)

func (p *Pool) add(a *facts.Analysis, s *results.Summary) {
	for k, h := range a.Merged() {
		p.Merged.Merge(k, h)
	}
	for _, f := range s.Failovers {
		if f.Completed() {
			p.Failovers = append(p.Failovers, f)
		}
	}
	length := a.Whole.To - a.Whole.From
	for len(p.Seconds) < length {
		p.Seconds = append(p.Seconds, PooledSecond{})
	}
	ok := make([]float64, length)
	for _, f := range a.Frames {
		if a.Whole.Has(f.Seq) {
			for _, c := range f.Commands {
				ok[f.Seq-a.Whole.From] += float64(c.OK)
			}
		}
	}
	for i, v := range ok {
		p.Seconds[i].OK = append(p.Seconds[i].OK, v)
	}
	for _, i := range a.Intervals {
		if i.Time == results.Response && a.Whole.Has(i.Second) {
			second := &p.Seconds[i.Second-a.Whole.From]
			if second.Response == nil {
				second.Response = results.NewHistogram()
			}
			second.Response.Merge(i.Histogram)
		}
	}
}

// Pool is what the histograms and frames of several runs come to together.
type Pool struct {
	Merged facts.Histograms[facts.HistogramKey]
	// Seconds of the timeline, from its start: ok answers and due requests by
	// run, and response times of all runs.
	Seconds []PooledSecond
	// Failovers of all runs.
	Failovers []results.Failover
}

// PooledSecond is a second of the timeline in all runs.
type PooledSecond struct {
	OK       []float64
	Response *hdrhistogram.PackedHistogram
}

// percentile is a latency figure of all runs together; nil for other figures.
func (p *Pool) percentile(id FigureID) *float64 {
	m, _ := metrics.Named(id.Metric)
	t, quantile, ok := m.Quantile()
	if !ok {
		return nil
	}
	h := p.Merged[facts.HistogramKey{Phase: id.Phase, Command: id.Command, Time: t}]
	if h == nil || h.TotalCount() == 0 {
		return nil
	}
	v, _ := facts.LatencyRow("", "", "", h).Quantile(quantile)
	seconds := v.Std().Seconds()
	return &seconds
}
