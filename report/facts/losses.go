package facts

import (
	"cmp"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// Home is the shard of the node that answered a write. Once slots have moved, the first shard
// of the write's slot can be another one.
func (a *Analysis) Home(w results.Write) int {
	if !slices.ContainsFunc(a.taken, func(t Takeover) bool { return t.Means == results.MeansMoved }) {
		return w.Shard
	}
	if shard := a.ShardAt(w.Node, w.Sent); shard >= 0 {
		return shard
	}
	return w.Shard
}

// losses groups lost writes by the node that acknowledged them, its shard, fault and cause. A
// write goes with the failover that causeOf finds. Where no replica was
// promoted, times count from the fault.
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
		k := key{shard: a.Home(w), node: w.Node, cause: f.Cause}
		var before, after results.Duration
		promoted := false
		if c := a.removedBy(f); c != nil {
			k.fault, after = c.Name, w.Done-c.Injected
		} else if v := a.causeOf(f, failovers); v != nil {
			k.fault, promoted = v.Fault, v.Completed()
			before, after = Turn(v)-w.Done, w.Done-a.struckAt(v)
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
			slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Shard == a.Home(lost.Write) })
		if fits && (first == nil || f.Empties && !first.Empties || f.Empties == first.Empties && f.Injected < first.Injected) {
			first = f
		}
	}
	return first
}

// struckAt is when the fault of a failover acted on its primary. The failover may have begun
// later, where the fault only slowed it.
func (a *Analysis) struckAt(v *results.Failover) results.Duration {
	i := slices.IndexFunc(a.Run.Faults, func(f results.Fault) bool { return f.Name == v.Fault && f.Injected > 0 && !f.Gradual })
	if i < 0 {
		return v.Injected
	}
	return a.Run.Faults[i].Injected
}

// Turn is the offset at which a shard changed hands, or was hit if it did not.
func Turn(v *results.Failover) results.Duration {
	for _, s := range v.Steps {
		if s.Name == results.StepPromoted && !s.Missing {
			return v.Injected + s.At
		}
	}
	return v.Injected
}

// causeOf is the failover of its shard that lost a write, by what became of the node that
// acknowledged it:
//
//	it came back as primary   the first one that ended it after the write was sent
//	it was replaced           the first one that deposed it after the write was sent or,
//	                          where it went on to acknowledge writes, the last one before,
//	                          unless it had become the primary again
//
// Where the node neither failed nor was replaced, it is the failover that is nearest in time.
// Nil if the shard had none.
func (a *Analysis) causeOf(lost results.Finding, failovers []results.Failover) *results.Failover {
	w, home := lost.Write, a.Home(lost.Write)
	var ofShard, mine, fits []*results.Failover
	for i := range failovers {
		v := &failovers[i]
		if v.Shard != home {
			continue
		}
		ofShard = append(ofShard, v)
		if v.From == w.Node {
			mine = append(mine, v)
		}
		replaced := v.To != "" && v.To != v.From
		if v.From == w.Node && replaced == replacedBy(lost.Cause) && (replaced || a.endedIn(v)) {
			fits = append(fits, v)
		}
	}
	switch {
	case len(fits) > 0:
		mine = fits
	case len(mine) == 0:
		return nearest(ofShard, w)
	}
	if lost.Cause == results.CauseSplitBrain {
		if v := deposed(mine, ofShard, w); v != nil {
			return v
		}
	}
	for _, v := range mine {
		if a.actedUntil(v)+joinSlack >= w.Sent {
			return v
		}
	}
	return mine[len(mine)-1]
}

// replacedBy reports whether another node took over from the one that lost a write, by the
// cause of the loss.
func replacedBy(cause string) bool {
	switch cause {
	case results.CauseEmptyRestart, results.CauseRestartTail:
		return false
	}
	return true
}

// deposed is the failover that had deposed a node when it acknowledged a write, and since when
// it had not become the primary of the shard again; nil if it had not been deposed.
func deposed(mine, ofShard []*results.Failover, w results.Write) *results.Failover {
	var last *results.Failover
	for _, v := range mine {
		if Turn(v) <= w.Sent {
			last = v
		}
	}
	if last == nil || slices.ContainsFunc(ofShard, func(v *results.Failover) bool {
		return v.To == w.Node && v.From != w.Node && Turn(v) > Turn(last) && Turn(v) <= w.Done
	}) {
		return nil
	}
	return last
}

// nearest is the failover whose turn is nearest to a write's acknowledgement; nil without any.
func nearest(list []*results.Failover, w results.Write) *results.Failover {
	if len(list) == 0 {
		return nil
	}
	return slices.MinFunc(list, func(x, y *results.Failover) int {
		return cmp.Compare(Distance(Turn(x), w.Done), Distance(Turn(y), w.Done))
	})
}

// exitIn is the end of the old primary's process within a failover; nil if none was seen.
func (a *Analysis) exitIn(v *results.Failover) *results.Event {
	return First(a.Between(v.Injected, v.Injected+v.Server), func(e results.Event) bool { return e.Node == v.From && e.Kind == results.EventNodeExit })
}

// endedIn reports whether the old primary's process ended within a failover.
func (a *Analysis) endedIn(v *results.Failover) bool {
	return a.exitIn(v) != nil || slices.ContainsFunc(a.Run.Faults, func(f results.Fault) bool { return f.Name == v.Fault && f.Takes == results.TakesProcess })
}

// actedUntil is when the old primary of a failover was replaced or, where it was not, had ended
// or was seen to be away: no write that it acknowledged later is lost by that.
func (a *Analysis) actedUntil(v *results.Failover) results.Duration {
	at := Turn(v)
	if at > v.Injected {
		return at
	}
	if i := slices.IndexFunc(a.Run.Faults, func(f results.Fault) bool { return f.Name == v.Fault }); i >= 0 {
		at = max(at, min(a.Run.Faults[i].Proved, v.Injected+v.Server))
	}
	if exit := a.exitIn(v); exit != nil {
		at = max(at, exit.Offset)
	}
	return at
}

// Distance is the absolute difference.
func Distance(a, b results.Duration) results.Duration { return max(a-b, b-a) }
