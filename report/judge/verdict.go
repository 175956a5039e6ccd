package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Thresholds of the verdict.
const (
	// overflowShare of the requests that were due while every shard was up may
	// have found no room in flight.
	overflowShare = 0.001
	// overflowEcho is how long after an outage its requests may still hold
	// their places: until their timeouts and retries have ended.
	overflowEcho = 5 * time.Second
	// steadyShare: in open loop the steady state needs this share of the intended rate,
	// beside scenarios.SteadyRequests.
	steadyShare = 0.9
)

// verdict weighs the causes. The order is
//
//	inconclusive   it was interrupted: whatever else it was, it is not a whole run
//	invalid        the generator was the limit, or slotstorm contradicts itself
//	inconclusive   nothing can be built on the data: unhealthy before,
//	               no steady state, frames missing, the servers' own records
//	               disagree with the report
//	fail           an objective was missed, or the cluster was not healthy after
//	inconclusive   the run did not show all that it set out to: a fault refused,
//	               unproved or not healed, injected much too late or in force
//	               beyond the timeline, the audit not read back, an objective
//	               without a measurement
//	pass
//
// So a missed objective that rests on sound data fails the run even if a fault
// could not be proved, and no open question can end in a pass. All causes are
// given, those that decided first; but on unsound data objectives mean nothing.
func verdict(a *facts.Analysis, s *results.Summary) (results.Verdict, []string) {
	invalid, unsound := Invalid(a, s), Unsound(a, s)
	missed, unfinished, unanswered := missed(a, s), unfinished(a), unanswered(s)
	switch {
	case a.Run.Interrupted != "":
		return results.Inconclusive, slices.Concat(unsound, invalid, unfinished)
	case len(invalid) > 0:
		return results.Invalid, slices.Concat(invalid, unsound, unfinished)
	case len(unsound) > 0:
		return results.Inconclusive, slices.Concat(unsound, unfinished)
	case len(missed) > 0:
		return results.Fail, slices.Concat(missed, unfinished, unanswered)
	case len(unfinished)+len(unanswered) > 0:
		return results.Inconclusive, slices.Concat(unfinished, unanswered)
	}
	return results.Pass, nil
}

// Invalid is what makes the measurement itself untrustworthy.
func Invalid(a *facts.Analysis, s *results.Summary) []string {
	var reasons []string
	if r := LimitReason(s.Generator); r != "" {
		reasons = append(reasons, r)
	} else {
		reasons = append(reasons, ownDoing(a, s)...)
	}
	overflow, due := overflowWhileUp(a)
	if float64(overflow) > overflowShare*float64(due) {
		reasons = append(reasons, fmt.Sprintf("%s of %s were not sent, because maxInFlight (%s) was reached while every shard was up",
			words.Count(overflow), words.Plural(due, "request", "requests"), words.Count(a.Spec.Workload.MaxInFlight)))
	}
	if au := a.Run.Audit; au != nil && au.FailedKept > 0 {
		reasons = append(reasons, fmt.Sprintf("%s that slotstorm recorded as refused %s in the data: the audit cannot be trusted",
			words.Plural(au.FailedKept, "audited write", "audited writes"), words.Verb(au.FailedKept, "is", "are")))
	}
	return reasons
}

// ownDoing finds objectives on response time that were missed, and would have
// been met but for the generator's own lateness: that is no slow server.
func ownDoing(a *facts.Analysis, s *results.Summary) []string {
	var reasons []string
	for i, o := range a.Spec.Objectives {
		quantile, ok := strings.CutPrefix(o.Metric, string(results.Response)+".")
		if !ok || o.Max == nil || i >= len(s.Objectives) || s.Objectives[i].Result != results.Fail {
			continue
		}
		slip := o
		slip.Metric = string(results.Slip) + "." + quantile
		late := measure(a, slip, s)
		missed := *s.Objectives[i].Value
		bound := s.Objectives[i].Max
		if bound != nil && late.Value != nil && *late.Value > noticeable.Seconds() && missed-*late.Value <= *bound {
			reasons = append(reasons, fmt.Sprintf("the load generator was the limit: %s was measured as %s, of which up to %s is the lateness of its sends (slip)",
				s.Objectives[i].Name, s.Objectives[i].Shown, words.Quantity(results.UnitDuration, *late.Value)))
		}
	}
	return reasons
}

// overflowWhileUp counts over the seconds of the timeline that no outage of the
// probes or of the client touches.
func overflowWhileUp(a *facts.Analysis) (overflow, due int) {
	echo := results.DurationOf(overflowEcho)
	var down []facts.Span
	for _, list := range [][]results.Outage{a.Run.ProbeOutages, a.Run.ClientOutages, a.Run.ProbeOutagesAway, a.Run.ClientOutagesAway} {
		for _, o := range list {
			down = append(down, facts.Span{From: o.From, To: o.To + echo})
		}
	}
	down = facts.Union(down)
	for _, f := range a.Frames {
		start := a.Run.LoadStart + results.DurationOf(time.Duration(f.Seq)*time.Second)
		second := []facts.Span{{From: start, To: start + results.DurationOf(time.Second)}}
		if !a.Whole.Has(f.Seq) || len(facts.Intersection(second, down)) > 0 {
			continue
		}
		for _, c := range f.Commands {
			overflow += c.Overflow
			due += c.Total()
		}
	}
	return overflow, due
}

// Unsound is why nothing can be built on the data.
func Unsound(a *facts.Analysis, s *results.Summary) []string {
	var reasons []string
	if a.Run.Interrupted != "" {
		reasons = append(reasons, "interrupted: "+a.Run.Interrupted)
	}
	if !a.Run.HealthyBefore {
		reasons = append(reasons, "the cluster was not healthy when the load began")
	}
	if r := unsteady(a); r != "" {
		reasons = append(reasons, r)
	}
	for _, e := range a.Events {
		if e.Kind == results.EventLoadAway && e.Offset < a.Run.LoadEnd && e.Offset+e.Lasted > a.Run.LoadStart {
			reasons = append(reasons, fmt.Sprintf("from %s on, the load could not reach the cluster for %s: outages that began then are not counted, and figures of this time are not the cluster's", words.Since(&a.Run, e.Offset), words.Duration(e.Lasted)))
		}
	}
	if n := missingFrames(a); n > 0 && a.Run.Interrupted == "" {
		reasons = append(reasons, fmt.Sprintf("%s of the timeline %s no record of the load in %s",
			words.Plural(n, "second", "seconds"), words.Verb(n, "has", "have"), results.SeriesFile))
	}
	return append(reasons, disagreements(s)...)
}

// unsteady judges the steady state: the whole seconds of the first phase that
// end before the first fault. Empty if there was enough load in it.
func unsteady(a *facts.Analysis) string {
	if len(a.Phases) == 0 {
		return "the timeline never began"
	}
	steady := a.SteadySeconds()
	var c results.Counts
	for _, f := range a.Frames {
		if steady.Has(f.Seq) {
			for _, n := range f.Commands {
				c = c.Plus(n)
			}
		}
	}
	if c.OK < scenarios.SteadyRequests {
		return fmt.Sprintf("too little load before the first fault: %s answered ok in the steady state, %d needed",
			words.Plural(c.OK, "request", "requests"), scenarios.SteadyRequests)
	}
	intended, known := a.Spec.Workload.Due(facts.InSeconds(steady.From), facts.InSeconds(steady.To))
	needed := steadyShare * intended
	if a.Spec.Workload.Arrival == "poisson" {
		// A short phase may hold fewer arrivals by chance.
		needed -= 3 * math.Sqrt(intended)
	}
	if known && float64(c.OK) < needed {
		return fmt.Sprintf("the steady state reached %s of the intended rate of %s, %s needed",
			words.Percent(float64(c.OK)/intended), words.Rate(intended/float64(steady.To-steady.From)), words.Percent(needed/intended))
	}
	return ""
}

// missingFrames counts seconds of the timeline for which a generator's frame is
// missing.
func missingFrames(a *facts.Analysis) int {
	type place struct{ generator, second int }
	seen := map[place]bool{}
	for _, f := range a.Frames {
		seen[place{f.Generator, f.Seq}] = true
	}
	missing := 0
	for s := a.Whole.From; s < a.Whole.To; s++ {
		for g := range max(1, a.Spec.Workload.Generators) {
			if !seen[place{g, s}] {
				missing++
				break
			}
		}
	}
	return missing
}

// missed is what failed.
func missed(a *facts.Analysis, s *results.Summary) []string {
	var reasons []string
	for _, o := range s.Objectives {
		if o.Result == results.Fail {
			reasons = append(reasons, fmt.Sprintf("objective missed: %s, measured %s", o.Name, o.Shown))
		}
	}
	reasons = append(reasons, rollFailures(a.Run.Upgrade)...)
	if !a.Run.HealthyAfter && a.Run.Interrupted == "" {
		reasons = append(reasons, "the cluster was not healthy when the run ended")
	}
	return reasons
}

// unfinished are the questions that the run itself left open.
func unfinished(a *facts.Analysis) []string {
	var reasons []string
	for _, f := range a.Run.Network {
		if f.Status != results.StatusHealed {
			reasons = append(reasons, words.Sentence(": ", fmt.Sprintf("the network %s was not as the scenario says for the whole load", f.Name), f.Reason))
		}
	}
	for _, f := range a.Run.Faults {
		if what, ok := shortcoming[f.Status]; ok {
			reasons = append(reasons, words.Sentence(": ", fmt.Sprintf("fault %s %s", f.Name, what), f.Reason))
		} else if f.Status != results.StatusHealed {
			reasons = append(reasons, words.Sentence(": ", fmt.Sprintf("fault %s has the unknown status %q", f.Name, f.Status), f.Reason))
		}
	}
	reasons = append(reasons, rollShortcomings(a.Run.Upgrade)...)
	reasons = append(reasons, untimely(a)...)
	switch au := a.Run.Audit; {
	case au != nil && au.Partial():
		reasons = append(reasons, words.Sentence(": ", fmt.Sprintf("the audit read back %s of %s", words.Count(au.ReadBack), words.Plural(au.Writes, "write", "writes")), au.Unread))
	case au == nil && a.Spec.Workload.Audit != nil:
		reasons = append(reasons, "the audit has no result")
	}
	return reasons
}

func unanswered(s *results.Summary) []string {
	var reasons []string
	for _, o := range s.Objectives {
		if o.Result == results.Inconclusive {
			reasons = append(reasons, fmt.Sprintf("objective without an answer: %s (%s)", o.Name, o.Evidence))
		}
	}
	return reasons
}

var shortcoming = map[results.FaultStatus]string{
	results.StatusPlanned:  "was never injected",
	results.StatusRefused:  "was refused by its check",
	results.StatusUnproved: "could not be proved",
	results.StatusUnhealed: "was not healed",
}
