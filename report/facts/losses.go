package facts

import (
	"cmp"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// losses groups lost writes by shard, fault, cause and the node that acknowledged
// them. A write goes with the failover of its shard whose promotion is nearest
// to its acknowledgement, among those that deposed the node which gave it, if
// there are any. Where no replica was promoted, times count from the fault.
func (a *Analysis) losses(failovers []results.Failover) []results.LossGroup {
	type key struct {
		shard              int
		fault, node, cause string
	}
	groups := map[key]*results.LossGroup{}
	for _, f := range a.Findings {
		if f.Class != results.ClassLost {
			continue
		}
		w := f.Write
		k := key{shard: w.Shard, node: w.Node, cause: f.Cause}
		var before, after results.Duration
		promoted := false
		if c := a.removedBy(f); c != nil {
			k.fault, after = c.Name, w.Done-c.Injected
		} else if v := causeOf(w, failovers); v != nil {
			k.fault, promoted = v.Fault, v.Completed()
			before, after = turn(v)-w.Done, w.Done-v.Injected
		}
		g := groups[k]
		if g == nil {
			g = &results.LossGroup{Shard: k.shard, Fault: k.fault, Cause: k.cause, Node: k.node, Promoted: promoted,
				First: before, Last: before, FirstAfterFault: after, LastAfterFault: after}
			groups[k] = g
		}
		g.Count++
		g.First, g.Last = max(g.First, before), min(g.Last, before)
		g.FirstAfterFault, g.LastAfterFault = min(g.FirstAfterFault, after), max(g.LastAfterFault, after)
	}
	var list []results.LossGroup
	for _, g := range groups {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b results.LossGroup) int {
		return cmp.Or(cmp.Compare(a.Shard, b.Shard), cmp.Compare(a.Fault, b.Fault), cmp.Compare(a.Node, b.Node), cmp.Compare(a.Cause, b.Cause))
	})
	return list
}

// removedBy is the fault whose command removed a write: the first that could, after the
// write was sent, on a node of its shard. It is nil for a write with another cause.
func (a *Analysis) removedBy(lost results.Finding) *results.Fault {
	if lost.Cause != results.CauseCommand {
		return nil
	}
	var first *results.Fault
	for i := range a.Run.Faults {
		f := &a.Run.Faults[i]
		fits := f.Erases && f.Injected > 0 && lost.Write.Sent <= max(f.Injected, f.Restored) &&
			slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Shard == lost.Write.Shard })
		if fits && (first == nil || f.Empties && !first.Empties || f.Empties == first.Empties && f.Injected < first.Injected) {
			first = f
		}
	}
	return first
}

// turn is the offset at which a shard changed hands, or was hit if it did not.
func turn(v *results.Failover) results.Duration {
	for _, s := range v.Steps {
		if s.Name == results.StepPromoted && !s.Missing {
			return v.Injected + s.At
		}
	}
	return v.Injected
}

func causeOf(w results.Write, failovers []results.Failover) *results.Failover {
	var best *results.Failover
	better := func(v *results.Failover) bool {
		if best == nil {
			return true
		}
		if mine, its := v.From == w.Node, best.From == w.Node; mine != its {
			return mine
		}
		return Distance(turn(v), w.Done) < Distance(turn(best), w.Done)
	}
	for i := range failovers {
		if v := &failovers[i]; v.Shard == w.Shard && better(v) {
			best = v
		}
	}
	return best
}

// Distance is the absolute difference.
func Distance(a, b results.Duration) results.Duration { return max(a-b, b-a) }
