package audit

import (
	"cmp"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// explain says of each lost write why it was lost: by which node acknowledged it
// and what that node became.
//
//	a fault emptied it, or the node that followed it        command of a fault
//	its node evicted keys, long before it ended, if it did  eviction
//	it died or hung before another took its shard over      async tail
//	the other one had not been in sync since                unsynced replica
//	it lived on while another took its shard over           split brain
//	it came back as primary before anyone took over         empty restart, or
//	                                                        restart with older data
//
// A planned failover is the exception to the second: what the old primary had
// acknowledged before it was deposed is a tail like any other.
func explain(b *results.Bundle, keys []*history, findings []results.Finding) {
	var s *story
	for i := range findings {
		f := &findings[i]
		if f.Class != results.ClassLost {
			continue
		}
		if s == nil {
			s = newStory(b, keys, findings)
		}
		f.Cause = s.cause(f.Write)
	}
}

// story is what the events say of each node.
type story struct {
	run     *results.Run
	shardOf map[string]int
	events  map[string][]results.Event // by node, in order
	// survivors are, by node, when acknowledged writes that were not lost were
	// acknowledged; lost are those that were lost.
	survivors map[string][]results.Duration
	lost      map[string][]results.Write
}

func newStory(b *results.Bundle, keys []*history, findings []results.Finding) *story {
	s := &story{run: &b.Run, shardOf: map[string]int{}, events: map[string][]results.Event{}, survivors: map[string][]results.Duration{}, lost: map[string][]results.Write{}}
	for _, n := range b.Run.Nodes {
		s.shardOf[n.Name] = n.Shard
	}
	for _, e := range b.Events {
		switch e.Kind {
		case results.EventNodeExit, results.EventNodeReady, results.EventPromoted, results.EventElectionWon, results.EventDemoted,
			results.EventLinkUp, results.EventLinkDown, results.EventFullSync, results.EventEvicted, results.EventFollows, results.EventAsked:
			s.events[e.Node] = append(s.events[e.Node], e)
		}
	}
	for _, list := range s.events {
		slices.SortStableFunc(list, func(x, y results.Event) int { return cmp.Compare(x.Offset, y.Offset) })
	}
	type place struct {
		key string
		seq int
	}
	lost := map[place]bool{}
	for _, f := range findings {
		if f.Class == results.ClassLost {
			lost[place{f.Write.Key, f.Write.Seq}] = true
			s.lost[f.Write.Node] = append(s.lost[f.Write.Node], f.Write)
		}
	}
	for _, h := range keys {
		if h.final == nil || h.final.Value == nil && len(h.final.Elements) == 0 {
			continue
		}
		for _, w := range h.writes {
			if results.Outcome(w.Outcome) == results.OK && !lost[place{w.Key, w.Seq}] {
				s.survivors[w.Node] = append(s.survivors[w.Node], w.Done)
			}
		}
	}
	return s
}

// never is after everything.
const never = results.Duration(1<<63 - 1)

// next is when the first event of a kind concerned a node, at or after a
// moment; never if none did.
func (s *story) next(node string, from results.Duration, kinds ...string) results.Duration {
	for _, e := range s.events[node] {
		if e.Offset >= from && slices.Contains(kinds, e.Kind) {
			return e.Offset
		}
	}
	return never
}

// forgotten is how long a process may live on after Kubernetes has reported its end:
// a pod that is deleted by force is forgotten at once. The next process of the node
// takes longer to acknowledge anything: after its start a primary refuses writes
// for 2 s (CLUSTER_WRITABLE_DELAY in Redis' source).
const forgotten = results.Duration(2 * time.Second)

// end is when the process of a node ended that ran at a moment; never if it did
// not. It may be reported before that moment.
func (s *story) end(node string, at results.Duration) results.Duration {
	reported := never
	for _, e := range s.events[node] {
		switch {
		case e.Offset >= at:
		case e.Kind == results.EventNodeExit && e.Source == "kubernetes" && at-e.Offset <= forgotten:
			reported = e.Offset
		case e.Kind == results.EventNodeReady:
			reported = never
		}
	}
	if reported < never {
		return reported
	}
	return s.next(node, at, results.EventNodeExit)
}

func (s *story) cause(w results.Write) string {
	end := s.end(w.Node, w.Sent)
	took, heir := s.takeover(w)
	exit := min(end, s.hang(w, took))
	ready := never
	if exit < never {
		ready = s.next(w.Node, exit, results.EventNodeReady)
	}
	switch {
	case s.emptied(w):
		return results.CauseCommand
	case exit < took && ready < took && end == exit:
		for _, at := range s.survivors[w.Node] {
			if at < exit {
				return results.CauseRestartTail
			}
		}
		return results.CauseEmptyRestart
	case s.evicted(w) && min(exit, took)-w.Done > s.tail(w, took, heir):
		return results.CauseEvicted
	case took == never && s.commanded(w):
		return results.CauseCommand
	case took == never:
		return results.CauseUnexplained
	case w.Sent < took && (exit < took || s.planned(w, took) || s.asked(heir, took)):
		if s.unsynced(heir, w, took) || s.stoodStill(heir, w, min(exit, took)) {
			return results.CauseUnsynced
		}
		return results.CauseAsyncTail
	}
	return results.CauseSplitBrain
}

// recently is how long before the end of its primary a write may have been acknowledged for
// that end to be the likelier cause of its loss, beside keys that were evicted.
const recently = results.Duration(5 * time.Second)

// soon is recently where the heir had followed its primary, and evicted keys itself later: it
// lacked the last moments at most.
const soon = results.Duration(time.Second)

// tail is how long before the end of its primary a write may have been acknowledged for that
// end to be the likelier cause. A network that a fault made slow keeps more back.
func (s *story) tail(w results.Write, took results.Duration, heir string) results.Duration {
	if took == never || s.unsynced(heir, w, took) || s.next(heir, took, results.EventEvicted) == never {
		return recently
	}
	for _, f := range s.run.Faults {
		if f.Takes == results.TakesNetwork && f.Injected <= took && (f.Restored == 0 || f.Restored >= w.Sent) {
			return recently
		}
	}
	return soon
}

// evicted reports whether a primary of the write's shard evicted keys after it.
func (s *story) evicted(w results.Write) bool {
	for node := range s.shardOf {
		if at := s.next(node, w.Sent, results.EventEvicted); at < never && s.shardAt(node, at) == s.home(w) {
			return true
		}
	}
	return false
}

// takeover is when another node, the heir of the one that acknowledged a write, took over
// from it: the first promotion of one of its shard, after that one's own last.
func (s *story) takeover(w results.Write) (first results.Duration, heir string) {
	since := results.Duration(0)
	for _, e := range s.events[w.Node] {
		promoted := e.Kind == results.EventPromoted || e.Kind == results.EventElectionWon
		if promoted && e.Offset-e.Uncertainty <= w.Done {
			since = e.Offset
		}
	}
	first = never
	for node := range s.shardOf {
		if node == w.Node {
			continue
		}
		at := s.next(node, since, results.EventElectionWon, results.EventPromoted)
		if at == never || s.shardAt(node, at) != s.shardAt(w.Node, since) {
			continue
		}
		if at < first || at == first && node < heir {
			first, heir = at, node
		}
	}
	return first, heir
}

// shardAt is the shard that a node stood in just before a moment: that of the node that it
// followed last, or its first one. Replicas move between shards.
func (s *story) shardAt(node string, at results.Duration) int {
	if primary, since := s.followed(node, at); primary != "" {
		return s.shardAt(primary, since)
	}
	return s.shardOf[node]
}

// home is the shard of the node that acknowledged a write. The slot's own shard is another one
// once the slot has moved.
func (s *story) home(w results.Write) int {
	if _, known := s.shardOf[w.Node]; !known {
		return w.Shard
	}
	return s.shardAt(w.Node, w.Sent)
}

// followed is whom a node followed last before a moment, and since when it was seen to; empty
// if no event says it.
func (s *story) followed(node string, at results.Duration) (primary string, since results.Duration) {
	for _, e := range s.events[node] {
		if e.Kind == results.EventFollows && e.Offset < at && e.About != "" {
			primary, since = e.About, e.Offset
		}
	}
	return primary, since
}

// unsynced reports whether a replica had not followed its primary when a write was sent, or was
// started anew after that, and did not follow it from then until it took over. One that came from another shard after the write
// had none of the data before it had copied them.
func (s *story) unsynced(node string, w results.Write, took results.Duration) bool {
	from := w.Sent
	if exit := s.next(node, from, results.EventNodeExit); exit < took && s.next(node, exit, results.EventLinkUp) > took {
		return true
	}
	since, _ := results.OutOfSync(s.events[node], node, from)
	if s.shardAt(node, from) != s.shardAt(node, took) {
		_, from = s.followed(node, took)
		since = from
	}
	return since > 0 && s.next(node, from, results.EventLinkUp) > took
}

// still is how long before the end of its primary a replica's data must have stopped growing
// for its link to have failed before that.
const still = results.Duration(time.Second)

// stoodStill reports whether a replica's data had not grown from before a write until its
// primary's end, nor had the primary's other writes of a good while before that end reached
// it. Its own view of its link comes only after repl-timeout.
func (s *story) stoodStill(node string, w results.Write, end results.Duration) bool {
	since := results.StoodStill(s.events[node], node, w.Sent)
	return since > 0 && s.next(node, w.Sent, results.EventLinkUp) > end && slices.ContainsFunc(s.lost[w.Node], func(o results.Write) bool {
		return o.Sent >= since && o.Done+still < end
	})
}

// hang is when the first fault that stopped the node of a write without ending it struck,
// after the write was sent. A command stopped it if it was still under way at the takeover.
func (s *story) hang(w results.Write, took results.Duration) results.Duration {
	first := never
	for _, f := range s.run.Faults {
		stops := f.Takes == results.TakesTime && f.Deposes || f.Takes == results.TakesCommand && f.Injected < took && took <= f.Restored
		if stops && struck(f, w.Node) && f.Injected >= w.Sent {
			first = min(first, f.Injected)
		}
	}
	return first
}

// emptied reports whether a fault removed all data, after a write was sent, from a node that
// had the write and whose data the shard continued with: its primary, or a replica that
// took over later without another copy of the data.
func (s *story) emptied(w results.Write) bool {
	for _, f := range s.run.Faults {
		if !f.Empties || f.Proved == 0 || w.Sent > f.Proved {
			continue
		}
		for _, h := range f.Hits() {
			if h.Shard != s.home(w) {
				continue
			}
			took := s.next(h.Node, f.Injected, results.EventElectionWon, results.EventPromoted)
			if h.Role == "primary" || took < never && s.next(h.Node, f.Injected, results.EventFullSync, results.EventNodeExit) > took {
				return true
			}
		}
	}
	return false
}

// commanded reports whether a fault sent the node of a write a command that can remove it, or
// meanwhile: of a write that was sent between the two moments just before the command and
// just after its answer, the order is not known.
func (s *story) commanded(w results.Write) bool {
	return slices.ContainsFunc(s.run.Faults, func(f results.Fault) bool {
		return f.Erases && w.Sent <= max(f.Injected, f.Restored) && struck(f, w.Node)
	})
}

func struck(f results.Fault, node string) bool {
	return slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Node == node })
}

// seenLate is how much later than the end of a fault a poll may show what it did.
const seenLate = results.Duration(time.Second)

// asked reports whether an heir logged that somebody asked it to take over, such as a program
// of an exec fault.
func (s *story) asked(heir string, took results.Duration) bool {
	return s.next(heir, took-results.AskedLimit, results.EventAsked) <= took+seenLate
}

// planned reports whether a failover by command is how another node took over from the one that
// acknowledged a write: the command was sent before, to another node, and not over yet.
func (s *story) planned(w results.Write, took results.Duration) bool {
	return slices.ContainsFunc(s.run.Faults, func(f results.Fault) bool {
		asked := f.Takes == results.TakesRole && f.Injected > 0 && f.Injected <= took && f.Shard == s.home(w)
		itself := slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Role == "replica" && h.Node == w.Node })
		return asked && !itself && (f.Verified == 0 || took <= f.Verified+seenLate)
	})
}
