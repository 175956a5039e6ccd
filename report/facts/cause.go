package facts

import (
	"cmp"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// joinSlack is how much later than the end of a fault a primary may be marked FAIL for
// it: a pass of clusterCron takes the last suspicion back.
const joinSlack = results.Duration(100e6)

// join finds the cause of a takeover. A takeover belongs to
//
//	a fault that moved its slots     it moved slots between these two shards
//	a fault that asked for it        it made this replica the primary
//	a step of an upgrade             it handed this role over, or had this node away
//	                                 when it was marked FAIL
//	a fault that struck the primary  it had it down or unreachable when it was marked FAIL,
//	                                 or asked it to end, as the deletion of its pod does,
//	                                 and it gave its role away before
//	a program of the user's          it acted on the old owner, or on the new one while the
//	                                 old one had not failed: it may act after it has ended
//
// in this order, and to the first of several faults in force. One that belongs to none of
// them is unexplained.
func (h *History) join(t *Takeover) {
	for _, find := range []func(Takeover) *Cause{h.movedBy, h.askedBy, h.rolledBy, h.struckBy, h.requestedBy} {
		if t.Cause = find(*t); t.Cause != nil {
			break
		}
	}
	if t.Cause == nil {
		t.Began = h.firstSign(*t)
		return
	}
	t.Began = h.beganBy(*t)
	if t.Means == "" && t.Cause.Asked && t.failed == nil {
		t.Means = results.MeansHandover
	}
	// A mark that is older than the cause is of another failure.
	t.suspected, t.failed = h.failing(*t, t.Cause.Since)
}

// beganBy is when a takeover with a cause began. Most faults take a primary away when they act.
// One that need not, as one that slows a node, may have been in force for long: then it is when
// the shard took no more writes or its primary no longer answered or, after a program of the
// user's, the first sign of any kind.
func (h *History) beganBy(t Takeover) results.Duration {
	since := t.Cause.Since
	if t.Cause.Fault == nil || actsAtOnce(*t.Cause.Fault) {
		return since
	}
	if t.Cause.Fault.Takes == results.TakesUnknown {
		return max(since, h.firstSign(t))
	}
	if silent, ok := h.silentFrom(t); ok {
		return max(since, silent)
	}
	return since
}

// actsAtOnce reports whether a fault that led to a takeover took the primary, its connections or
// its role away with its injection.
func actsAtOnce(f results.Fault) bool {
	switch f.Takes {
	case results.TakesProcess, results.TakesRole, results.TakesSlots:
		return true
	}
	return f.Deposes || f.Disconnects
}

// silentFrom is when the shard of a takeover took its last write before it or, if no probe saw
// that, its old owner stopped to answer polls; false if nothing showed either.
func (h *History) silentFrom(t Takeover) (results.Duration, bool) {
	if o := outageOf(h.run.ProbeOutages, t); o != nil {
		return o.From, true
	}
	return h.fellSilent(t)
}

// movedBy is the fault that moved the slots of a takeover from one shard to the other. Moves that
// follow one another are one takeover: then it is the first of several.
func (h *History) movedBy(t Takeover) *Cause {
	if t.Means != results.MeansMoved {
		return nil
	}
	var first *Cause
	left := t.Slots
	from, to := h.ShardAt(t.From, t.At), h.ShardAt(t.To, t.At)
	for i := range h.run.Faults {
		f := &h.run.Faults[i]
		if over := f.Restored > 0 && t.At-t.Uncertainty > f.Restored+joinSlack; f.Injected == 0 || over || t.Until < f.Injected {
			continue
		}
		for _, m := range f.Moves() {
			if m.From != from || m.To != to {
				continue
			}
			left = left.Minus(m.Asked)
			if first == nil {
				first = &Cause{Fault: f, Since: f.Injected, Asked: true}
			}
		}
	}
	if len(left) > 0 {
		return nil
	}
	return first
}

// Resharded reports whether a takeover is slots that a fault of the run moved, or a program of
// the user's: no failover.
func (t Takeover) Resharded() bool {
	if t.Means != results.MeansMoved || t.Cause == nil || t.Cause.Fault == nil {
		return false
	}
	return len(t.Cause.Fault.Moves()) > 0 || t.Cause.Fault.Takes == results.TakesUnknown
}

// askedBy is the fault that asked for a takeover.
func (h *History) askedBy(t Takeover) *Cause {
	for i := range h.run.Faults {
		f := &h.run.Faults[i]
		if f.Injected == 0 || f.Takes != results.TakesRole || !madePrimary(f, t) {
			continue
		}
		limit := f.Injected + results.AskedLimit
		if f.Proved > 0 {
			limit = f.Proved + joinSlack
		}
		if t.At >= f.Injected && t.At-t.Uncertainty <= limit {
			return &Cause{Fault: f, Since: f.Injected, Asked: true}
		}
	}
	return nil
}

// madePrimary reports whether a fault asked the new owner of a takeover. A fault of an
// older bundle may name the old owner alone.
func madePrimary(f *results.Fault, t Takeover) bool {
	named := false
	for _, h := range f.Hits() {
		if h.Role == "replica" {
			if h.Node == t.To {
				return true
			}
			named = true
		}
	}
	return !named && f.Shard == t.Shard
}

// rolledBy is the step of an upgrade that a takeover followed from.
func (h *History) rolledBy(t Takeover) *Cause {
	for _, r := range Rolls(h.run.Upgrade) {
		for i := range r.Steps {
			st := &r.Steps[i]
			if t.At < st.Began || t.At-t.Uncertainty > stepEnd(r.Roll, i) {
				continue
			}
			if st.Node == t.From && (st.To == "" || st.To == t.To) || st.Kind == results.StepRestore {
				return &Cause{Step: st, Roll: r.Name, Since: st.Began, Asked: t.failed == nil}
			}
		}
	}
	return nil
}

// stepEnd is when a step was over: when the cluster was whole or, if it was not, when the
// next step began.
func stepEnd(r *results.Roll, i int) results.Duration {
	st := r.Steps[i]
	end := max(st.Whole, st.Undone)
	switch {
	case end > 0:
		return end
	case i+1 < len(r.Steps):
		return r.Steps[i+1].Began
	}
	return r.Ended
}

// struckBy is the fault that had the old owner down or unreachable when it was marked
// FAIL or, if that was not seen, when it was suspected or lost its slots. Of several, the
// oldest counts that keeps a primary from serving. Of those that need not (packets that are
// late, a command), it is the last one that began before the old owner fell silent; or, if
// that was not seen, the last one that cuts connections, else the last one. A setting that is
// undone later comes last.
func (h *History) struckBy(t Takeover) *Cause {
	var list []*Cause
	for i := range h.run.Faults {
		if c := h.struck(&h.run.Faults[i], t); c != nil {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return nil
	}
	silent, fell := h.fellSilent(t)
	rank := func(c *Cause) int {
		before := fell && c.Since <= silent
		switch {
		case c.Fault.Deposes:
			return deposes
		case c.Fault.Takes == results.TakesCommand && c.Fault.Lasts:
			return 0 // a setting that is undone later: it keeps no node from answering
		case before && c.Fault.Disconnects:
			return 4
		case before:
			return 3
		case c.Fault.Disconnects:
			return 2
		}
		return 1
	}
	return slices.MaxFunc(list, func(x, y *Cause) int {
		if by := cmp.Compare(rank(x), rank(y)); by != 0 {
			return by
		}
		if rank(x) == deposes {
			return cmp.Compare(y.Since, x.Since)
		}
		return cmp.Compare(x.Since, y.Since)
	})
}

// deposes is the rank of a fault that keeps a primary from serving.
const deposes = 5

// marked is when the old owner of a takeover was declared failed or, if that was not seen,
// suspected or replaced.
func marked(t Takeover) *sighting {
	for _, s := range []*sighting{t.failed, t.suspected} {
		if s != nil {
			return s
		}
	}
	return t.promoted
}

// fellSilent is when the old owner of a takeover stopped to answer polls, if it did not answer
// when it was declared failed.
func (h *History) fellSilent(t Takeover) (at results.Duration, ok bool) {
	for _, e := range h.events {
		if e.Node != t.From || e.Offset > marked(t).at {
			continue
		}
		switch e.Kind {
		case results.EventUnreachable:
			at, ok = e.Offset-e.Uncertainty, true
		case results.EventReachable:
			ok = false
		}
	}
	return at, ok
}

// struck is a fault as the cause of a takeover, or nil.
func (h *History) struck(f *results.Fault, t Takeover) *Cause {
	if !f.Acted() || f.Takes == results.TakesSlots || f.Takes == results.TakesKubelet || !slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Node == t.From }) {
		return nil
	}
	away, ok := h.away(*f, t.From)
	if !ok || t.Means == results.MeansMoved || f.Takes == results.TakesUnknown && t.unforced() {
		return nil
	}
	if t.failed == nil {
		if f.Takes == results.TakesProcess && (f.Asked || f.Deletes) && f.Injected <= t.At && t.At-t.Uncertainty <= away.to {
			return &Cause{Fault: f, Since: f.Injected, Asked: true}
		}
		if t.Means != "" {
			return nil // it was asked for, and not by this fault
		}
	}
	mark := marked(t)
	if mark.at < away.from || mark.at-mark.uncertainty > away.to+joinSlack {
		return nil
	}
	return &Cause{Fault: f, Since: away.from}
}

// lateCall is how long after a program of the user's has ended a takeover may begin that it
// led to: the call of a cloud returns before the cloud acts.
const lateCall = results.Duration(30e9)

// requestedBy is the program of the user's that may have led to a takeover: one that acted on
// the old owner or, if that had not failed, on the new one, and was in force or, for the first
// takeover of a shard since it began, had ended within lateCall. Slots can be moved by a program
// that acted on any node. Of several, the last one that began.
func (h *History) requestedBy(t Takeover) *Cause {
	moved := t.Means == results.MeansMoved
	var last *results.Fault
	for i := range h.run.Faults {
		f := &h.run.Faults[i]
		hit := slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Node == t.From || h.Node == t.To && t.unforced() })
		if f.Acted() && f.Takes == results.TakesUnknown && (hit || moved) && h.calledFor(f, t) && (last == nil || f.Injected >= last.Injected) {
			last = f
		}
	}
	if last == nil {
		return nil
	}
	return &Cause{Fault: last, Since: last.Injected, Asked: moved || t.unforced()}
}

// calledFor reports whether a takeover came while a program of the user's was in force, or so
// soon after it that it may be its work.
func (h *History) calledFor(f *results.Fault, t Takeover) bool {
	ended, at := max(f.Proved, f.Released, f.Restored), t.At-t.Uncertainty
	if t.At < f.Injected {
		return false
	}
	inForce := f.Lasts && f.Released == 0 || at <= ended+joinSlack
	return inForce || at <= ended+lateCall && h.firstSince(t, f.Injected)
}

// unforced reports whether nothing showed that the old owner of a takeover had failed.
func (t Takeover) unforced() bool {
	return t.Means != results.MeansMoved && t.failed == nil && (t.suspected == nil || t.Means != "")
}

// firstSince reports whether no other takeover of its shard came before one since a moment.
func (h *History) firstSince(t Takeover, since results.Duration) bool {
	return !slices.ContainsFunc(h.taken, func(o Takeover) bool { return o.Shard == t.Shard && o.At >= since && o.At < t.At })
}

// stretch is from an offset to another.
type stretch struct{ from, to results.Duration }

// away is when a fault had a node down or unreachable; false if it never had.
func (h *History) away(f results.Fault, node string) (stretch, bool) {
	end := h.end()
	if f.Takes == results.TakesRole {
		return stretch{}, false
	}
	if f.Takes != results.TakesProcess {
		switch {
		case f.Lasts && f.Released > 0:
			end = f.Released
		case f.Restored > 0:
			end = f.Restored // a command has no release: it is over when the node answers again
		}
		return stretch{f.Injected, end}, true
	}
	until := end
	for _, over := range []results.Duration{f.Verified, f.Restored} {
		if over > 0 {
			until = over
			break
		}
	}
	exit := First(h.events, func(e results.Event) bool {
		return e.Node == node && e.Kind == results.EventNodeExit && e.Offset >= f.Injected && e.Offset <= until
	})
	from := f.Injected
	switch {
	case exit != nil && f.Gradual:
		from = exit.Offset
	case exit == nil && f.Gradual:
		return stretch{}, false
	}
	back := First(h.events, func(e results.Event) bool {
		return e.Node == node && e.Kind == results.EventNodeReady && (exit == nil || e.Offset > exit.Offset) && e.Offset > from
	})
	switch {
	case back != nil:
		return stretch{from, back.Offset}, true
	case f.Restored > 0:
		return stretch{from, f.Restored}, true
	}
	return stretch{from, end}, true
}
