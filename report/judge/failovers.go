package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// noted is a failover with its notes.
func noted(a *facts.Analysis, f facts.Failover) results.Failover {
	var refusals []string
	for _, r := range f.Refused {
		refusals = append(refusals, refused(a, f, r))
	}
	if f.End == facts.CameBack {
		f.Note = strings.Join(append([]string{remained(a.Hindrance(f.Failover))}, refusals...), "; ")
		return f.Failover
	}
	notes := origin(f)
	for _, l := range f.Late {
		if l.Impossible {
			notes = append(notes, fmt.Sprintf("its steps are not in order: %s was seen %s after %s", words.Step(l.Step), words.Duration(l.By), words.Step(l.Before)))
			continue
		}
		notes = append(notes, fmt.Sprintf("%s was seen %s after %s and is shown with it", words.Step(l.Step), words.Duration(l.By), words.Step(l.Before)))
	}
	if f.Inferred {
		notes = append(notes, "the promotion itself was not seen; the new primary is the one that took writes")
	}
	switch f.End {
	case facts.Unpromoted:
		note := "no replica was promoted while the shard was watched"
		if f.Struck.Takes != results.TakesRole {
			note += ": " + hindered(a.Hindrance(f.Failover))
		}
		notes = append(notes, note)
	case facts.Unanswered:
		notes = append(notes, "the shard took no write again while it was watched")
		notes = append(notes, refusals...)
	case facts.HandedOver:
		if f.Outage == 0 {
			notes = append(notes, undisturbed(a, f.Failover))
		}
		notes = append(notes, refusals...)
	default:
		f.Explained = explanations(a, f)
		notes = append(notes, f.Explained...)
		if f.Outlier {
			notes = append(notes, outlier(a, f.Failover))
		}
	}
	f.Note = strings.Join(notes, "; ")
	return f.Failover
}

// held is how long a request must have waited in a hand-over for that to be said.
const held = results.Duration(100 * time.Millisecond)

// undisturbed says how a hand-over passed in which no probe failed: a primary that hands over
// holds writes back until its replica has all data.
func undisturbed(a *facts.Analysis, f results.Failover) string {
	if slowest := a.Slowest(f.Shard, f.Injected, f.Injected+f.Server); slowest >= held {
		return fmt.Sprintf("no probe failed, but requests to the shard waited for up to %s", words.Duration(slowest))
	}
	return "the probes saw no outage"
}

// origin says what a failover followed from, where that is not a fault that was proved,
// and how another node took over, where it was not elected.
func origin(f facts.Failover) []string {
	var notes []string
	switch {
	case f.Cause == results.Unexplained:
		notes = append(notes, "no fault of this run explains it")
	case f.Cause == results.OfFault && f.Struck.Proved == 0:
		notes = append(notes, "the "+f.Struck.Kind+" was not proved to have acted")
	}
	switch f.Means {
	case results.MeansHandover:
		notes = append(notes, f.From+" handed over on request")
	case results.MeansForced:
		notes = append(notes, f.To+" was asked to take over without the primary (FAILOVER FORCE)")
	case results.MeansTaken:
		notes = append(notes, f.To+" was asked to take over without votes (FAILOVER TAKEOVER)")
	case results.MeansMoved:
		notes = append(notes, f.From+" did not fail: its slots moved to another primary")
	}
	return notes
}

// explanations are the delays that the logs show.
func explanations(a *facts.Analysis, f facts.Failover) []string {
	var list []string
	if after := a.Outlived(f.Failover); after > 0 {
		list = append(list, fmt.Sprintf("%s ended %s after the fault", f.From, words.Duration(after)))
	}
	el := f.Election
	if el.Starts > 1 {
		text := fmt.Sprintf("%d elections were started; the last one won", el.Starts)
		if waited := el.Waited(); waited > 0 {
			text += fmt.Sprintf(", %s after the first", words.Duration(waited))
		}
		list = append(list, text)
	}
	if planned, pause := a.HeldBack(f.Failover); planned > 0 {
		when := words.Duration(f.Injected-planned) + " before"
		if planned > f.Injected {
			when = words.Duration(planned-f.Injected) + " after"
		}
		list = append(list, fmt.Sprintf("%s had planned an election of another failover for %s the fault, and a replica plans the next only %s after that", f.To, when, words.Duration(pause)))
	}
	for _, epoch := range el.SplitVotes() {
		list = append(list, fmt.Sprintf("the votes were split in epoch %d: %s", epoch, tallied(el.Votes[epoch])))
	}
	if len(el.Denied) > 0 {
		list = append(list, "a vote was refused: "+strings.Join(el.Denied, " / "))
	}
	if f.Rank != nil && *f.Rank > 0 {
		list = append(list, fmt.Sprintf("the winner had rank %d: another replica was ahead of it", *f.Rank))
	}
	if len(el.Stuck) > 0 {
		text := "a replica could not fail over for a while: " + strings.Join(el.Stuck, " / ")
		if el.TooOld {
			text += " (cluster-replica-validity-factor)"
		}
		list = append(list, text)
	}
	if st := f.Step(results.StepFail); st != nil && f.Step(results.StepPFail) != nil && f.PredictedMax > 0 {
		if allowed := a.FailAllowance(); st.Took.Std() > allowed {
			list = append(list, fmt.Sprintf("FAIL came late: a majority agreed %s after the first suspicion, %s are accounted for", words.Duration(st.Took), words.Duration(results.DurationOf(allowed))))
		}
	}
	for _, r := range f.Refused {
		if r.Most {
			list = append(list, refused(a, f, r))
		}
	}
	return list
}

// refused says how the node that serves the shard in the end first refused its writes.
func refused(a *facts.Analysis, f facts.Failover, r facts.Refused) string {
	moment, node := "after its promotion", f.To
	if f.End == facts.CameBack {
		moment, node = "after it was back", f.From
	}
	return fmt.Sprintf("%s refused writes for %s %s: %s (%s)", node, words.Duration(r.To-r.From), moment, r.Class, refusedBecause(a, node, r))
}

// refusedBecause is what an error reply of a class says of the node that gives it.
func refusedBecause(a *facts.Analysis, node string, r facts.Refused) string {
	switch r.Class {
	case "NOREPLICAS":
		return "it had fewer replicas in sync than min-replicas-to-write, which is " + orDefault(a.DirectiveAt(node, "min-replicas-to-write", r.From), "not stated")
	case "OOM":
		return "its data had reached maxmemory"
	case "MISCONF":
		return "it could not save its data"
	case "BUSY":
		return "it ran a script"
	case "LOADING":
		return "it loaded its data"
	}
	return "it counted the cluster as down"
}

func tallied(votes map[string]int) string {
	var names []string
	for name := range votes {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(votes[b], votes[a]), cmp.Compare(a, b)) })
	for i, name := range names {
		names[i] = fmt.Sprintf("%d for %s", votes[name], words.OrNone(name))
	}
	return strings.Join(names, ", ")
}

// outlier says how far a failover is from its prediction and, if nothing in the logs
// explains it, in which step the time went.
func outlier(a *facts.Analysis, v results.Failover) string {
	text := fmt.Sprintf("took %s where %s is predicted", words.Duration(v.Server), words.Prediction(v))
	if len(v.Explained) > 0 {
		return text
	}
	text += ", unexplained"
	if name, over := a.Overlong(v); over > 0 {
		text += fmt.Sprintf(": the step to %s took %s longer than is accounted for", words.Step(name), words.Duration(over))
	}
	return text
}
