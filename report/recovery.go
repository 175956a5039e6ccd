package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// defaultWithin is how far from the steady state counts as recovered.
const defaultWithin = 0.1

// goodSeconds in a row end a recovery: one alone may be luck.
const goodSeconds = 3

// recovery is the longest time from a fault until the load was as in the steady
// state again: the seconds of the first phase that end before the first fault.
func (a *analysis) recovery(o scenarios.Objective) measure {
	within := o.Within
	if within == 0 {
		within = defaultWithin
	}
	good := a.goodOK(within)
	if o.Metric == "recovery.p99" {
		good = a.goodP99(within)
	}
	if good == nil {
		return nothing("there is no steady state to return to")
	}
	starts := a.injections()
	if len(starts) == 0 {
		return nothing("no fault was injected")
	}
	var worst time.Duration
	name, open := "", false
	for i, f := range starts {
		until := a.whole.to
		if i+1 < len(starts) {
			until = min(until, secondOf(&a.Run, starts[i+1].Injected))
		}
		took, ended := recovered(good, secondOf(&a.Run, f.Injected), until)
		if d := time.Duration(took)*time.Second - a.into(f); took > 0 && d >= worst {
			worst, name = d, f.Name
		}
		open = open || !ended
	}
	evidence := fmt.Sprintf("slowest of %s, seconds of %s", plural(len(starts), "fault", "faults"), results.SeriesFile)
	if name != "" {
		evidence = "fault " + name + ", " + evidence
	}
	m := measured(worst.Seconds(), evidence)
	if open {
		m.atLeast = true
		m.evidence += "; at least one was not over when the timeline, or the time until the next fault, was"
	}
	return m
}

// recoveryOfTheCluster is the longest time from a fault until all nodes were seen
// to be there, to agree and to be in sync. It waits for no load: the verification
// of a fault goes on when the timeline has ended.
func (a *analysis) recoveryOfTheCluster() measure {
	worst, name, n := results.Duration(0), "", 0
	for _, f := range a.Run.Faults {
		if f.Injected == 0 {
			continue
		}
		n++
		if f.Verified == 0 {
			return nothing("after fault " + f.Name + " the cluster was not seen whole again")
		}
		if d := f.Verified - f.Injected; d >= worst {
			worst, name = d, f.Name
		}
	}
	if n == 0 {
		return nothing("no fault was injected")
	}
	return measured(worst.Std().Seconds(), fmt.Sprintf("fault %s, slowest of %s, verification of its healing", name, plural(n, "fault", "faults")))
}

// injections are the faults that acted in the timeline, in order of time.
func (a *analysis) injections() []results.Fault {
	var list []results.Fault
	for _, f := range a.Run.Faults {
		if f.Injected > 0 && a.whole.has(secondOf(&a.Run, f.Injected)) {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(x, y results.Fault) int { return int(x.Injected - y.Injected) })
	return list
}

// secondOf is the second of the load that an offset lies in.
func secondOf(r *results.Run, at results.Duration) int {
	return int((at - r.LoadStart).Std() / time.Second)
}

// into is how far into its second a fault acted.
func (a *analysis) into(f results.Fault) time.Duration {
	return (f.Injected - a.Run.LoadStart).Std() % time.Second
}

// recovered counts the seconds from from up to the end of the last bad one
// before goodSeconds good ones in a row, and tells whether those were seen.
func recovered(good func(int) bool, from, until int) (took int, ended bool) {
	streak := 0
	for s := from; s < until; s++ {
		if !good(s) {
			streak, took = 0, s+1-from
			continue
		}
		if streak++; streak == goodSeconds {
			return took, true
		}
	}
	return took, took == 0
}

// steadySeconds are those of the first phase that end before the first fault.
func (a *analysis) steadySeconds() window {
	if len(a.phases) == 0 {
		return window{}
	}
	steady := a.phases[0]
	for _, f := range a.Run.Faults {
		if f.Injected > 0 {
			steady.to = min(steady.to, secondOf(&a.Run, f.Injected))
		}
	}
	return steady
}

// goodOK judges seconds by the share of requests answered ok.
func (a *analysis) goodOK(within float64) func(int) bool {
	var steady results.Counts
	seconds := map[int]results.Counts{}
	from := a.steadySeconds()
	for _, f := range a.Frames {
		for _, c := range f.Commands {
			seconds[f.Seq] = seconds[f.Seq].Plus(c)
			if from.has(f.Seq) {
				steady = steady.Plus(c)
			}
		}
	}
	if steady.OK == 0 {
		return nil
	}
	return func(s int) bool {
		c := seconds[s]
		return c.Total() == 0 || share(c) >= share(steady)*(1-within)
	}
}

// responses are the response times of all commands, by second of the load.
func (a *analysis) responses() map[int]*hdrhistogram.PackedHistogram {
	list := map[int]*hdrhistogram.PackedHistogram{}
	for _, i := range a.Intervals {
		if i.Time != results.Response {
			continue
		}
		if list[i.Second] == nil {
			list[i.Second] = results.NewHistogram()
		}
		list[i.Second].Merge(i.Histogram)
	}
	return list
}

// goodP99 judges seconds by their p99 response time, beside the median of those
// of the steady state.
func (a *analysis) goodP99(within float64) func(int) bool {
	p99 := map[int]int64{}
	for s, h := range a.responses() {
		p99[s] = h.ValueAtPercentile(99)
	}
	var steady []int64
	from := a.steadySeconds()
	for s, v := range p99 {
		if from.has(s) {
			steady = append(steady, v)
		}
	}
	if len(steady) == 0 {
		return nil
	}
	slices.Sort(steady)
	limit := float64(steady[len(steady)/2]) * (1 + within)
	return func(s int) bool {
		v, answered := p99[s]
		return answered && float64(v) <= limit
	}
}
