package audit

import (
	"slices"
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
}

func (s *staleness) counts() *results.AuditReads {
	if s.reads.Replica+s.reads.Primary == 0 {
		return nil
	}
	r := s.reads
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
		case r.Replica:
			s.reads.StaleReplica++
			s.reads.MaxAge = max(s.reads.MaxAge, age)
			bucket := slices.IndexFunc(ages, func(d time.Duration) bool { return age.Std() < d })
			if bucket < 0 {
				bucket = len(ages)
			}
			s.ages[bucket]++
		default:
			s.reads.StalePrimary++
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
