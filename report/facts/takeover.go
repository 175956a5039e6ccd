package facts

import (
	"cmp"

	"github.com/slotstorm/slotstorm/results"
)

// Takeover is slots that changed their owner, for whatever reason.
type Takeover struct {
	// Slots went from one node to another; Shard is the one that most of them belong
	// to, and Whole says that they are all that the old owner served.
	Slots results.Slots
	Shard int
	Whole bool
	// From and To are the old and the new owner.
	From, To string
	// At is when the new owner had the first of the slots, exact to within Uncertainty,
	// and Until when it had the last one: later than At only where slots moved.
	At, Until, Uncertainty results.Duration
	// Source is what showed it: "log", "poll", "probe" or "ledger".
	Source string
	// Epoch is the new owner's config epoch; 0 if nothing showed it.
	Epoch int64
	Means results.Means
	// Began is when its cause acted or, without one, when the first sign of it was seen.
	Began results.Duration
	// Cause is nil for a takeover without one: an unexplained one.
	Cause *Cause

	// since is since when the old owner had served; 0 if that is not known.
	since results.Duration
	// suspected and failed are PFAIL and FAIL of the old owner, of the failure that led
	// to the takeover; nil if they were not seen. asked is when the new one was asked to
	// take over; promoted is the takeover itself.
	suspected, failed, asked, promoted *sighting
}

// Cause is what a takeover followed from. Exactly one of Fault and Step is set.
type Cause struct {
	Fault *results.Fault
	// Step is one of an upgrade, on the way Roll.
	Step *results.UpgradeStep
	Roll string
	// Since is when the old owner was taken away, or the failover asked for.
	Since results.Duration
	// Asked: the role was asked for, or given away. Otherwise the old owner was down or
	// unreachable.
	Asked bool
}

// History is what happened to the slots of a run: who served them, and how they changed
// hands.
type History struct {
	places
	run    *results.Run
	events []results.Event
	owned  *ownership
	taken  []Takeover
}

// end is the end of the run.
func (h *History) end() results.Duration { return max(h.run.End, h.run.LoadEnd) }

// movePause ends a move of slots: those that follow later are another one.
const movePause = results.Duration(10e9)

// changes are all changes of owner, in order and without their causes.
func (h *History) changes() []Takeover {
	var list []Takeover
	for _, c := range h.owned.changes {
		t := h.takeover(c)
		if n := len(list); n > 0 && list[n-1].continues(t) {
			list[n-1].Slots, list[n-1].Until = list[n-1].Slots.Plus(t.Slots), t.At
			list[n-1].Whole = list[n-1].Whole || t.Whole
			continue
		}
		list = append(list, t)
	}
	for i := range list {
		list[i].Shard = h.shardWith(list[i].Slots)
	}
	return list
}

// continues reports whether the next takeover is more of the same move of slots.
func (t Takeover) continues(next Takeover) bool {
	return t.Means == results.MeansMoved && next.Means == t.Means && next.From == t.From && next.To == t.To && next.At <= t.Until+movePause
}

// takeover is a change of owner with what the nodes said of it.
func (h *History) takeover(c change) Takeover {
	t := Takeover{
		Slots: c.slots, Whole: c.whole, From: c.from, To: c.node, At: c.at, Until: c.at, Uncertainty: c.uncertainty, Source: c.source, Epoch: c.epoch,
		promoted: &c.sighting,
	}
	t.since = h.since(t)
	t.suspected, t.failed = h.failing(t, t.since)
	won := h.lately(t, results.EventElectionWon, logSlack)
	asked := h.lately(t, results.EventAsked, results.AskedLimit)
	follows, _ := h.owned.primaryOf(t.To, t.At-t.Uncertainty)
	switch {
	case c.served:
		t.Means = results.MeansMoved // a primary is neither asked nor elected to be one
	case asked != nil && (won != nil || asked.Mode == results.Takeover):
		t.Means, t.asked = meansOf(asked.Mode), sight(asked)
	case won != nil && t.failed != nil:
		t.Means = results.MeansElected
	case won != nil:
		// Nothing says whether it was asked to, or its primary failed.
	case !c.whole, h.owned.polled && follows != t.From:
		t.Means = results.MeansMoved
	}
	return t
}

// meansOf is how a replica takes over that was asked to.
func meansOf(m results.Mode) results.Means {
	switch m {
	case results.Force:
		return results.MeansForced
	case results.Takeover:
		return results.MeansTaken
	}
	return results.MeansHandover
}

// since is since when the old owner of a takeover had served: since it had the first of the
// slots, as others may have moved to it shortly before.
func (h *History) since(t Takeover) results.Duration {
	from := t.At
	for _, old := range h.owned.closed {
		if old.Node == t.From && old.To == t.At {
			from = min(from, old.From)
		}
	}
	return from
}

// lately is the last event of a kind of the new owner before a takeover, or nil. It may be
// seen after it, within what the two are exact to.
func (h *History) lately(t Takeover, kind string, within results.Duration) *results.Event {
	var last *results.Event
	for i, e := range h.events {
		if e.Node == t.To && e.Kind == kind && e.Offset >= t.At-t.Uncertainty-within && e.Offset-e.Uncertainty <= t.At {
			last = &h.events[i]
		}
	}
	return last
}

// failing is when the old owner of a takeover was first suspected, and marked FAIL, in
// the failure that led to it: what an observer has taken back does not count, nor what is
// older than since.
func (h *History) failing(t Takeover, since results.Duration) (suspected, failed *sighting) {
	pfail, fail := map[string]*sighting{}, map[string]*sighting{}
	for i, e := range h.events {
		switch {
		case e.Offset < since || e.Offset-e.Uncertainty > t.At:
		case e.About != t.From && e.Kind != results.EventNodeExit || e.Node == t.From:
		case e.Kind == results.EventNodeExit, e.Kind == results.EventFailClear:
			// A poll may see late that a mark was taken back after the takeover.
			if e.Offset > t.At {
				continue
			}
			delete(pfail, e.Node)
			delete(fail, e.Node)
		case e.Kind == results.EventPFail && e.Source == "poll" && pfail[e.Node] == nil:
			pfail[e.Node] = sight(&h.events[i])
		case e.Kind == results.EventFail && (fail[e.Node] == nil || fail[e.Node].source != "log" && e.Source == "log"):
			fail[e.Node] = sight(&h.events[i])
		}
	}
	return earliest(pfail), earliest(fail)
}

// earliest of the sightings by node: a log dates better than a poll.
func earliest(list map[string]*sighting) *sighting {
	var best *sighting
	for _, s := range list {
		logged := s.source == "log"
		switch {
		case best == nil, logged && best.source != "log":
			best = s
		case logged == (best.source == "log") && cmp.Or(cmp.Compare(s.at, best.at), cmp.Compare(s.node, best.node)) < 0:
			best = s
		}
	}
	return best
}

// outageOf is the outage that a takeover ended: the last of its shard that began before it,
// and did not end before it but by a write to the new owner. One that was over before the old
// owner served is of an older failure. Nil if there is none.
func outageOf(list []results.Outage, t Takeover) *results.Outage {
	var found *results.Outage
	for i, o := range list {
		slack := max(t.promoted.uncertainty, o.Uncertainty)
		served := o.To < t.promoted.at-slack && o.Node != t.promoted.node
		older := !o.Open && o.To < t.since-slack
		if o.Shard == t.Shard && o.From <= t.promoted.at && !served && !older {
			found = &list[i]
		}
	}
	return found
}

// firstSign is the first sign of a takeover without a cause.
func (h *History) firstSign(t Takeover) results.Duration {
	first := t.At
	if o := outageOf(h.run.ProbeOutages, t); o != nil {
		first = min(first, o.From)
	}
	for _, s := range []*sighting{t.suspected, t.failed, t.asked} {
		if s != nil {
			first = min(first, s.at)
		}
	}
	return first
}
