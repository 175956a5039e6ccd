package report

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

// times in the order of every table.
func times() []results.Time { return []results.Time{results.Response, results.Service, results.Slip} }

// histogramKey is what a merged histogram is about.
type histogramKey struct {
	phase, command string
	time           results.Time
}

// merged are the histograms of every phase and of the whole timeline, of every
// command and of all. Histograms are merged; percentiles are never averaged.
func (a *analysis) merged() map[histogramKey]*hdrhistogram.PackedHistogram {
	all := map[histogramKey]*hdrhistogram.PackedHistogram{}
	merge := func(k histogramKey, h *hdrhistogram.PackedHistogram) {
		if all[k] == nil {
			all[k] = results.NewHistogram()
		}
		all[k].Merge(h)
	}
	for _, i := range a.Intervals {
		for _, w := range a.phases {
			if w.has(i.Second) {
				merge(histogramKey{w.name, i.Command, i.Time}, i.Histogram)
			}
		}
	}
	for _, w := range a.phases {
		for _, c := range a.commands {
			for _, t := range times() {
				if h := all[histogramKey{w.name, c, t}]; h != nil {
					merge(histogramKey{w.name, All, t}, h)
					merge(histogramKey{All, c, t}, h)
					merge(histogramKey{All, All, t}, h)
				}
			}
		}
	}
	return all
}

// latency is the percentile table: phase by phase and then all, in each the
// commands and then all, in each response, service and slip. A row of which
// nothing was recorded is left out.
func (a *analysis) latency() []results.Latency {
	merged := a.merged()
	rows := []results.Latency{}
	for _, w := range a.windows() {
		for _, c := range append(a.commands[:len(a.commands):len(a.commands)], All) {
			for _, t := range times() {
				if h := merged[histogramKey{w.name, c, t}]; h != nil && h.TotalCount() > 0 {
					rows = append(rows, latencyRow(w.name, c, t, h))
				}
			}
		}
	}
	return rows
}

// byShard is latency by shard, all commands together.
func (a *analysis) byShard() []results.ShardLatency {
	type key struct {
		shard int
		time  results.Time
	}
	shards := map[int]bool{}
	var rows []results.ShardLatency
	for _, win := range a.windows() {
		merged := map[key]*hdrhistogram.PackedHistogram{}
		for _, i := range a.ShardIntervals {
			if k := (key{i.Shard, i.Time}); win.has(i.Second) {
				if merged[k] == nil {
					merged[k] = results.NewHistogram()
				}
				merged[k].Merge(i.Histogram)
				shards[i.Shard] = true
			}
		}
		for _, shard := range slices.Sorted(maps.Keys(shards)) {
			for _, t := range times() {
				if h := merged[key{shard, t}]; h != nil && h.TotalCount() > 0 {
					rows = append(rows, results.ShardLatency{Shard: shard, Latency: latencyRow(win.name, All, t, h)})
				}
			}
		}
	}
	return rows
}

func latencyRow(phase, command string, t results.Time, h *hdrhistogram.PackedHistogram) results.Latency {
	p := h.ValueAtPercentilesSlice([]float64{50, 90, 95, 99, 99.9, 99.99})
	return results.Latency{
		Phase: phase, Command: command, Time: t,
		Count: h.TotalCount(),
		Mean:  results.Duration(math.Round(h.Mean()) * float64(time.Microsecond)),
		P50:   micros(p[0]), P90: micros(p[1]), P95: micros(p[2]),
		P99: micros(p[3]), P999: micros(p[4]), P9999: micros(p[5]),
		Max: micros(h.Max()),
	}
}

func micros(us int64) results.Duration {
	return results.Duration(us) * results.Duration(time.Microsecond)
}

// load counts requests by intended start, in the order of latency.
func (a *analysis) load() []results.PhaseLoad {
	rows := []results.PhaseLoad{}
	for _, w := range a.windows() {
		byCommand := map[string]results.Counts{}
		var total results.Counts
		errors := map[string]int{}
		for _, f := range a.Frames {
			if !w.has(f.Seq) {
				continue
			}
			for name, c := range f.Commands {
				byCommand[name] = byCommand[name].Plus(c)
				total = total.Plus(c)
			}
			for class, n := range f.Errors {
				errors[class] += n
			}
		}
		for _, name := range a.commands {
			rows = append(rows, loadRow(w, name, byCommand[name]))
		}
		row := loadRow(w, All, total)
		if len(errors) > 0 {
			row.Errors = errors
		}
		rows = append(rows, row)
	}
	return rows
}

func loadRow(w window, command string, c results.Counts) results.PhaseLoad {
	row := results.PhaseLoad{Phase: w.name, Command: command, Counts: c, Seconds: w.length.Seconds()}
	if row.Seconds > 0 {
		row.Throughput = float64(c.OK) / row.Seconds
	}
	return row
}

// findLatency is the row of a table, or nil; empty names are All.
func findLatency(rows []results.Latency, phase, command string, t results.Time) *results.Latency {
	for i, r := range rows {
		if r.Phase == orAll(phase) && r.Command == orAll(command) && r.Time == t {
			return &rows[i]
		}
	}
	return nil
}

func findLoad(rows []results.PhaseLoad, phase, command string) *results.PhaseLoad {
	for i, r := range rows {
		if r.Phase == orAll(phase) && r.Command == orAll(command) {
			return &rows[i]
		}
	}
	return nil
}

func orAll(name string) string {
	if name == "" {
		return All
	}
	return name
}
