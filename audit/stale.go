package audit

import (
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// ages are the bounds of the histogram of stale reads.
var ages = []time.Duration{
	time.Millisecond, 3 * time.Millisecond, 10 * time.Millisecond, 30 * time.Millisecond, 100 * time.Millisecond,
	300 * time.Millisecond, time.Second, 3 * time.Second, 10 * time.Second, 30 * time.Second,
}

// staleness counts what audited reads saw.
type staleness struct {
	reads results.AuditReads
	ages  [11]int
	// restarts are those of nodes, by node.
	restarts map[string][]restart
}

// restart is a stretch from the end of a node's process until the node was in sync with its
// primary again.
type restart struct {
	from, to results.Duration
	// surely is until when it was surely not in sync.
	surely results.Duration
	// older: meanwhile it gave values, which it had kept. Otherwise it had no data.
	older bool
}

func newStaleness(b *results.Bundle) *staleness {
	s := &staleness{restarts: map[string][]restart{}}
	for _, e := range b.Events {
		list := s.restarts[e.Node]
		n := len(list)
		open := n > 0 && list[n-1].to == never
		switch {
		case e.Kind == results.EventNodeExit && !open:
			s.restarts[e.Node] = append(list, restart{from: e.Offset, to: never, surely: never})
		case e.Kind == results.EventLinkUp && open:
			list[n-1].to, list[n-1].surely = e.Offset, e.Offset-e.Uncertainty
		}
	}
	for _, r := range b.Reads {
		list := s.restarts[r.Node]
		for i, t := range list {
			if r.Value != nil && t.from <= r.Sent && r.Done <= t.surely {
				list[i].older = true
			}
		}
	}
	return s
}

// withoutData reports whether a read was answered by a node that had been started again
// and had no data yet.
func (s *staleness) withoutData(r results.AuditRead) bool {
	return slices.ContainsFunc(s.restarts[r.Node], func(t restart) bool { return !t.older && t.from <= r.Done && r.Sent <= t.to })
}

// empty counts a read that such a node answered.
func (s *staleness) empty(r results.AuditRead) {
	s.reads.EmptyReplica++
	list := s.reads.Empty
	i := slices.IndexFunc(list, func(n results.EmptyNode) bool { return n.Node == r.Node })
	if i < 0 {
		s.reads.Empty = append(list, results.EmptyNode{Node: r.Node, Reads: 1, First: r.Sent, Last: r.Sent})
		return
	}
	list[i].Reads++
	list[i].First, list[i].Last = min(list[i].First, r.Sent), max(list[i].Last, r.Sent)
}

// stale counts a read of a replica of a value that had been replaced.
func (s *staleness) stale(age results.Duration) {
	s.reads.StaleReplica++
	s.reads.MaxAge = max(s.reads.MaxAge, age)
	bucket := slices.IndexFunc(ages, func(d time.Duration) bool { return age.Std() < d })
	if bucket < 0 {
		bucket = len(ages)
	}
	s.ages[bucket]++
}

func (s *staleness) counts() *results.AuditReads {
	if s.reads.Replica+s.reads.Primary == 0 {
		return nil
	}
	r := s.reads
	slices.SortFunc(r.Empty, func(x, y results.EmptyNode) int { return strings.Compare(x.Node, y.Node) })
	if r.StaleReplica > 0 {
		for i, n := range s.ages {
			b := results.AgeBucket{Count: n}
			if i < len(ages) {
				b.Below = results.DurationOf(ages[i])
			}
			r.Ages = append(r.Ages, b)
		}
	}
	return &r
}

// look judges the reads of a key that holds one value, and reports those that
// no healthy cluster gives.
func (s *staleness) look(h *history, f fates) []results.Finding {
	var findings []results.Finding
	index := h.byValue()
	for _, r := range h.reads {
		if r.Replica {
			s.reads.Replica++
		} else {
			s.reads.Primary++
		}
		if h.kind != results.KindRegister && h.kind != results.KindOnce {
			continue
		}
		from, value := -1, ""
		if r.Value != nil {
			value = *r.Value
			at, ok := index[value]
			if !ok && h.cut {
				continue // of a write without a record
			}
			if !ok {
				findings = append(findings, results.Finding{Class: results.ClassPhantom, Write: h.writes[0], Read: value})
				continue
			}
			if h.is(at, results.Failed) {
				findings = append(findings, results.Finding{Class: results.ClassFailedKept, Write: h.writes[at], Read: value})
				continue
			}
			from = at
		}
		by, age := h.replacedBefore(f, from, r.Sent)
		switch {
		case by < 0:
		case r.Replica && r.Value == nil && s.withoutData(r):
			s.empty(r)
		case r.Replica && r.Value == nil:
			s.reads.MissingReplica++
			s.reads.MaxMissing = max(s.reads.MaxMissing, age)
		case r.Replica:
			s.stale(age)
		default:
			if r.Value == nil {
				s.reads.MissingPrimary++
			} else {
				s.reads.StalePrimary++
			}
			findings = append(findings, results.Finding{Class: results.ClassStalePrimary, Write: h.writes[by], Read: value, Age: age})
		}
	}
	return findings
}

// replacedBefore finds the first acknowledged write that certainly came after
// write from (-1: the empty key) and had been acknowledged before a moment, and
// how long before. Lost writes replace nothing: only those that are certainly left
// at the end count. -1 if there is none.
func (h *history) replacedBefore(f fates, from int, moment results.Duration) (by int, age results.Duration) {
	by = -1
	for _, t := range f.chain {
		w := h.writes[t]
		if !h.is(t, results.OK) || w.Done >= moment || from >= 0 && !h.after(f, from, t) {
			continue
		}
		if age <= moment-w.Done {
			by, age = t, moment-w.Done
		}
	}
	return by, age
}
