package facts

import (
	"cmp"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// FalseFailover is a node that was marked FAIL, or whose slots were taken over, although
// nothing had it down or cut off: no crash, no step of an upgrade, and no fault but one that
// leaves a node able to serve, such as a slow network.
type FalseFailover struct {
	Node string `json:"node"`
	// At is when it was first marked FAIL or, if that was not seen, lost its slots.
	At results.Duration `json:"atMs"`
	// To is the node that took over; empty if none did.
	To string `json:"to,omitempty"`
}

// FalseFailovers are those during the load, in order of time.
func (a *Analysis) FalseFailovers() []FalseFailover {
	var list []FalseFailover
	for _, t := range a.taken {
		if !t.falsely() {
			continue
		}
		f := FalseFailover{Node: t.From, At: t.At, To: t.To}
		if t.failed != nil {
			f.At = t.failed.at
		}
		if a.during(f.At) && !a.excused(f.Node, f.At, t.Uncertainty) {
			list = append(list, f)
		}
	}
	for _, m := range a.failures() {
		taken := slices.ContainsFunc(a.taken, func(t Takeover) bool {
			return t.From == m.About && t.At+t.Uncertainty >= m.Offset-m.Uncertainty && t.At <= m.Offset+a.failureApart()
		})
		if !taken && !a.excused(m.About, m.Offset, m.Uncertainty) {
			list = append(list, FalseFailover{Node: m.About, At: m.Offset})
		}
	}
	slices.SortStableFunc(list, func(x, y FalseFailover) int { return cmp.Compare(x.At, y.At) })
	return list
}

// falsely reports whether slots were taken over without a cause that takes a node away.
func (t Takeover) falsely() bool {
	switch {
	case t.planned():
		return false
	case t.Cause == nil:
		return true
	}
	return t.Cause.Fault != nil && !takesAway(*t.Cause.Fault) && !t.Cause.Asked
}

// takesAway reports whether a fault can take a node away from the others: it ends it, or cuts
// its connections. A program of the user's may do either.
func takesAway(f results.Fault) bool {
	return f.Deposes || f.Disconnects || f.Takes == results.TakesUnknown
}

// during reports whether the load ran at an offset.
func (a *Analysis) during(at results.Duration) bool {
	return at >= a.Run.LoadStart && at <= a.Run.LoadEnd
}

// failureApart is the least distance of two failures of one node: FAIL of a node with slots
// is taken back after this time at the earliest (CLUSTER_FAIL_UNDO_TIME_MULT in Redis'
// cluster.h).
func (a *Analysis) failureApart() results.Duration { return results.DurationOf(2 * a.NodeTimeout()) }

// failures are the first FAIL marks of each failure of a node during the load.
func (a *Analysis) failures() []results.Event {
	var first []results.Event
	last := map[string]results.Duration{}
	for _, e := range a.Events {
		if e.Kind != results.EventFail || !a.during(e.Offset) {
			continue
		}
		if before, ok := last[e.About]; !ok || e.Offset > before+a.failureApart() {
			first = append(first, e)
		}
		last[e.About] = e.Offset
	}
	return first
}

// excused reports whether a node was down or cut off when it was marked FAIL: by a fault that
// takes a node away, by a step of an upgrade, or because its process had ended.
func (a *Analysis) excused(node string, at, uncertainty results.Duration) bool {
	for _, f := range a.Run.Faults {
		if !f.Acted() || !takesAway(f) || !slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Node == node }) {
			continue
		}
		if away, ok := a.away(f, node); ok && at+uncertainty >= away.from && at-uncertainty <= away.to+joinSlack {
			return true
		}
	}
	for _, r := range Rolls(a.Run.Upgrade) {
		for i, st := range r.Steps {
			if st.Node == node && at >= st.Began && at-uncertainty <= stepEnd(r.Roll, i) {
				return true
			}
		}
	}
	down := false
	for _, e := range a.Events {
		if e.Node != node || e.Offset-e.Uncertainty > at {
			continue
		}
		switch e.Kind {
		case results.EventNodeExit:
			down = true
		case results.EventNodeReady:
			down = false
		}
	}
	return down
}
