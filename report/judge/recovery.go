package judge

import (
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// defaultWithin is how far from the steady state counts as recovered.
const defaultWithin = 0.1

// recovery is the longest time from a fault until the load was as in the steady
// state again: the seconds of the first phase that end before the first fault.
func recovery(a *facts.Analysis, o scenarios.Objective) measurement {
	within := o.Within
	if within == 0 {
		within = defaultWithin
	}
	good := a.GoodOK(within)
	if o.Metric == "recovery.p99" {
		good = a.GoodP99(within)
	}
	if good == nil {
		return nothing("there is no steady state to return to")
	}
	starts := a.Injections()
	if len(starts) == 0 {
		return nothing("no fault was injected")
	}
	var worst time.Duration
	name, open := "", false
	for i, f := range starts {
		until := a.Whole.To
		if i+1 < len(starts) {
			until = min(until, facts.SecondOf(&a.Run, starts[i+1].Injected))
		}
		took, ended := facts.Recovered(good, facts.SecondOf(&a.Run, f.Injected), until)
		if d := time.Duration(took)*time.Second - a.Into(f); took > 0 && d >= worst {
			worst, name = d, f.Name
		}
		open = open || !ended
	}
	evidence := fmt.Sprintf("slowest of %s, seconds of %s", words.Plural(len(starts), "fault", "faults"), results.SeriesFile)
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
func recoveryOfTheCluster(a *facts.Analysis) measurement {
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
	return measured(worst.Std().Seconds(), fmt.Sprintf("fault %s, slowest of %s, verification of its healing", name, words.Plural(n, "fault", "faults")))
}
