package facts

import (
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// goodSeconds in a row end a recovery: one alone may be luck.
const goodSeconds = 3

// usualTolerance is how far from the steady state counts as recovered, unless stated.
const usualTolerance = 0.1

// Recoveries are how long after each fault a figure of the load, "throughput" or "p99",
// was as in the steady state again: in the seconds of the first phase that end before the
// first fault. within is the tolerance, above 0 to 1; 0 is the usual one. The reason says
// why there is none.
func (a *Analysis) Recoveries(of string, within float64) (list []results.Recovery, reason string) {
	if within == 0 {
		within = usualTolerance
	}
	judge := a.goodOK(within)
	if of == "p99" {
		judge = a.goodP99(within)
	}
	if judge == nil {
		return nil, "there is no steady state to return to"
	}
	starts := a.Injections()
	if len(starts) == 0 {
		return nil, "no fault was injected"
	}
	for i, f := range starts {
		from, until := SecondOf(&a.Run, f.Injected), a.Whole.To
		for _, next := range starts[i+1:] {
			// Faults so close together have their recovery together.
			if at := SecondOf(&a.Run, next.Injected); at >= from+goodSeconds {
				until = min(until, at)
				break
			}
		}
		took, ended := recovered(judge, from, until)
		r := results.Recovery{Fault: f.Name, Of: of, Open: !ended}
		if took > 0 {
			r.Took = results.DurationOf(time.Duration(took)*time.Second - a.into(f))
		}
		list = append(list, r)
	}
	return list, ""
}

// Injections are the faults that acted in the timeline, in order of time.
func (a *Analysis) Injections() []results.Fault {
	var list []results.Fault
	for _, f := range a.Run.Faults {
		if f.Injected > 0 && a.Whole.Has(SecondOf(&a.Run, f.Injected)) {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(x, y results.Fault) int { return int(x.Injected - y.Injected) })
	return list
}

// SecondOf is the second of the load that an offset lies in.
func SecondOf(r *results.Run, at results.Duration) int {
	return int((at - r.LoadStart).Std() / time.Second)
}

// into is how far into its second a fault acted.
func (a *Analysis) into(f results.Fault) time.Duration {
	return (f.Injected - a.Run.LoadStart).Std() % time.Second
}

// shows is what a second of the load shows.
type shows int

const (
	idle shows = iota // nothing was due: it shows nothing
	bad
	good
)

// asGood is a second in which something was due.
func asGood(is bool) shows {
	if is {
		return good
	}
	return bad
}

// recovered counts the seconds from from up to the end of the last bad one
// before goodSeconds good ones in a row, and reports whether those were seen.
func recovered(judge func(int) shows, from, until int) (took int, ended bool) {
	streak := 0
	for s := from; s < until; s++ {
		switch judge(s) {
		case bad:
			streak, took = 0, s+1-from
		case good:
			if streak++; streak == goodSeconds {
				return took, true
			}
		}
	}
	return took, false
}

// SteadySeconds are those of the first phase that end before the first fault, or before the
// run was interrupted.
func (a *Analysis) SteadySeconds() Window {
	if len(a.Phases) == 0 {
		return Window{}
	}
	steady := a.Phases[0]
	if a.Run.Interrupted != "" {
		steady.To = min(steady.To, SecondOf(&a.Run, a.Run.LoadEnd))
	}
	for _, f := range a.Run.Faults {
		if f.Injected > 0 {
			steady.To = min(steady.To, SecondOf(&a.Run, f.Injected))
		}
	}
	return steady
}

// goodOK judges seconds by the share of requests answered ok.
func (a *Analysis) goodOK(within float64) func(int) shows {
	var steady results.Counts
	seconds := map[int]results.Counts{}
	from := a.SteadySeconds()
	for _, f := range a.Frames {
		for _, c := range f.Commands {
			seconds[f.Seq] = seconds[f.Seq].Plus(c)
			if from.Has(f.Seq) {
				steady = steady.Plus(c)
			}
		}
	}
	if steady.OK == 0 {
		return nil
	}
	// In a closed loop a second without requests is one in which all waited.
	closed := a.Spec.Workload.Rate.Max
	return func(s int) shows {
		c := seconds[s]
		if c.Total() == 0 && !closed {
			return idle
		}
		return asGood(c.Total() > 0 && c.Share() >= steady.Share()*(1-within))
	}
}

// responses are the response times of all commands, by second of the load.
func (a *Analysis) responses() Histograms[int] {
	list := Histograms[int]{}
	for _, i := range a.Intervals {
		if i.Time == results.Response {
			list.Merge(i.Second, i.Histogram)
		}
	}
	return list
}

// goodP99 judges seconds by their p99 response time, beside the median of those
// of the steady state.
func (a *Analysis) goodP99(within float64) func(int) shows {
	due := map[int]bool{}
	for _, f := range a.Frames {
		for _, c := range f.Commands {
			due[f.Seq] = due[f.Seq] || c.Total() > 0
		}
	}
	p99 := map[int]int64{}
	for s, h := range a.responses() {
		p99[s] = h.ValueAtPercentile(99)
	}
	var steady []int64
	from := a.SteadySeconds()
	for s, v := range p99 {
		if from.Has(s) {
			steady = append(steady, v)
		}
	}
	if len(steady) == 0 {
		return nil
	}
	slices.Sort(steady)
	limit := float64(steady[len(steady)/2]) * (1 + within)
	return func(s int) shows {
		v, answered := p99[s]
		if !answered && !due[s] && !a.Spec.Workload.Rate.Max {
			return idle
		}
		return asGood(answered && float64(v) <= limit)
	}
}
