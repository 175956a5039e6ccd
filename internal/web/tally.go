package web

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/results"
)

// tally is a run summed up as Prometheus reads it: counters since its start.
type tally struct {
	run, scenario, phase string
	seed                 uint64
	commands             map[string]results.Counts
	errors               map[string]int
	probes               map[int]results.ProbeCount
	last                 map[int]results.ProbeCount
	inFlight             int
	times                map[timeKey]*times
	faults               map[string]faultState
}

type faultState struct {
	node   string
	active float64
}

type timeKey struct {
	time    results.Time
	command string
}

// times is a histogram with fixed bounds.
type times struct {
	count   uint64
	sum     float64
	buckets map[float64]uint64
}

// bounds are the upper bounds of the buckets, in seconds.
var bounds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

func newTally() tally {
	return tally{
		commands: map[string]results.Counts{}, errors: map[string]int{}, probes: map[int]results.ProbeCount{},
		last: map[int]results.ProbeCount{}, times: map[timeKey]*times{}, faults: map[string]faultState{},
	}
}

// maxShards is as many as a cluster has slots.
const maxShards = 16384

// maxLabels bounds the values of a label; what comes beyond them counts as other.
const (
	maxLabels = 500
	other     = "other"
)

// label is a text of a bundle as the value of a label: in UTF-8 and in one line,
// and one of a bounded number. Two that look alike count as one, for two samples
// of the same labels would be none.
func label[V any](known map[string]V, text string) string {
	text = printable.Line(text)
	if _, ok := known[text]; !ok && len(known) >= maxLabels {
		return other
	}
	return text
}

func (t *tally) fault(name, node string, active float64) {
	name = label(t.faults, name)
	if node == "" {
		node = t.faults[name].node
	}
	t.faults[name] = faultState{node, active}
}

func (t *tally) frame(f results.Frame) {
	for name, c := range f.Commands {
		name = label(t.commands, name)
		t.commands[name] = t.commands[name].Plus(c)
	}
	for class, n := range f.Errors {
		t.errors[label(t.errors, class)] += n
	}
	for shard, n := range f.Probes {
		if _, ok := t.probes[shard]; !ok && len(t.probes) >= maxShards {
			continue
		}
		sum := t.probes[shard]
		t.probes[shard] = results.ProbeCount{OK: sum.OK + n.OK, Bad: sum.Bad + n.Bad}
		t.last[shard] = n
	}
	t.inFlight = f.InFlightMax
}

func (t *tally) interval(i results.Interval) {
	key := timeKey{i.Time, printable.Line(i.Command)}
	h := t.times[key]
	if h == nil {
		if len(t.times) >= maxLabels {
			return
		}
		h = &times{buckets: map[float64]uint64{}}
		for _, b := range bounds {
			h.buckets[b] = 0
		}
		t.times[key] = h
	}
	dense := hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
	i.Histogram.MergeInto(dense)
	for _, bar := range dense.Distribution() {
		if bar.Count == 0 {
			continue
		}
		seconds := float64(bar.To) / 1e6
		for _, b := range bounds {
			if seconds <= b {
				h.buckets[b] += uint64(bar.Count)
			}
		}
	}
	h.count += uint64(i.Histogram.TotalCount())
	h.sum += i.Histogram.Mean() * float64(i.Histogram.TotalCount()) / 1e6
}
