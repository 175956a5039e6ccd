package facts

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

// Times in the order of every table.
func Times() []results.Time { return []results.Time{results.Response, results.Service, results.Slip} }

// HistogramKey is what a merged histogram is about.
type HistogramKey struct {
	Phase, Command string
	Time           results.Time
}

// Merged are the histograms of every phase and of the whole timeline, of every
// command and of all. Histograms are merged; percentiles are never averaged.
func (a *Analysis) Merged() Histograms[HistogramKey] {
	all := Histograms[HistogramKey]{}
	for _, i := range a.Intervals {
		for _, w := range a.Phases {
			if w.Has(i.Second) {
				all.Merge(HistogramKey{w.Name, i.Command, i.Time}, i.Histogram)
			}
		}
	}
	for _, w := range a.Phases {
		for _, c := range a.commands {
			for _, t := range Times() {
				if h := all[HistogramKey{w.Name, c, t}]; h != nil {
					all.Merge(HistogramKey{w.Name, results.All, t}, h)
					all.Merge(HistogramKey{results.All, c, t}, h)
					all.Merge(HistogramKey{results.All, results.All, t}, h)
				}
			}
		}
	}
	return all
}

// latency is the percentile table: phase by phase and then all, in each the
// commands and then all, in each response, service and slip. A row of which
// nothing was recorded is left out.
func (a *Analysis) latency() []results.Latency {
	merged := a.Merged()
	rows := []results.Latency{}
	for _, w := range a.windows() {
		for _, c := range append(a.commands[:len(a.commands):len(a.commands)], results.All) {
			for _, t := range Times() {
				if h := merged[HistogramKey{w.Name, c, t}]; h != nil && h.TotalCount() > 0 {
					rows = append(rows, LatencyRow(w.Name, c, t, h))
				}
			}
		}
	}
	return rows
}

// byShard is latency by shard, all commands together.
func (a *Analysis) byShard() []results.ShardLatency {
	type key struct {
		shard int
		time  results.Time
	}
	shards := map[int]bool{}
	var rows []results.ShardLatency
	for _, win := range a.windows() {
		merged := Histograms[key]{}
		for _, i := range a.ShardIntervals {
			if k := (key{i.Shard, i.Time}); win.Has(i.Second) {
				merged.Merge(k, i.Histogram)
				shards[i.Shard] = true
			}
		}
		for _, shard := range slices.Sorted(maps.Keys(shards)) {
			for _, t := range Times() {
				if h := merged[key{shard, t}]; h != nil && h.TotalCount() > 0 {
					rows = append(rows, results.ShardLatency{Shard: shard, Latency: LatencyRow(win.Name, results.All, t, h)})
				}
			}
		}
	}
	return rows
}

// Slowest is the longest service time of the load's requests to a shard that succeeded and
// were due in the seconds around a stretch of time; 0 if none was.
func (a *Analysis) Slowest(shard int, from, to results.Duration) results.Duration {
	first, last := Seconds(from-a.Run.LoadStart, math.Floor), Seconds(to-a.Run.LoadStart, math.Floor)
	slowest := int64(0)
	for _, i := range a.ShardIntervals {
		if i.Shard == shard && i.Time == results.Service && i.Second >= first && i.Second <= last {
			slowest = max(slowest, i.Histogram.Max())
		}
	}
	return Micros(slowest)
}

// LatencyRow is a histogram of microseconds as a row of percentiles.
func LatencyRow(phase, command string, t results.Time, h *hdrhistogram.PackedHistogram) results.Latency {
	p := h.ValueAtPercentilesSlice([]float64{50, 90, 95, 99, 99.9, 99.99})
	return results.Latency{
		Phase: phase, Command: command, Time: t,
		Count: h.TotalCount(),
		Mean:  results.Duration(math.Round(h.Mean()) * float64(time.Microsecond)),
		P50:   Micros(p[0]), P90: Micros(p[1]), P95: Micros(p[2]),
		P99: Micros(p[3]), P999: Micros(p[4]), P9999: Micros(p[5]),
		Max: Micros(h.Max()),
	}
}

// Micros is a number of microseconds.
func Micros(us int64) results.Duration {
	return results.Duration(us) * results.Duration(time.Microsecond)
}
