package metrics

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// ofFailover is a time of each failover, of which an objective bounds the longest.
type ofFailover struct {
	// took is the time; ok is false if the failover did not show it.
	took func(results.Failover) (d results.Duration, ok bool)
	// awaited are the outages in which somebody waited for its end; nil if nobody can
	// say whether it ended.
	awaited func(*results.Run) []results.Outage
}

// step is the time that a step of the failovers took.
func step(name string) ofFailover {
	return ofFailover{took: func(f results.Failover) (results.Duration, bool) {
		if s := f.Step(name); s != nil {
			return s.Took, true
		}
		return 0, false
	}}
}

// whole is a time from the fault, which is 0 if its end was not seen.
func whole(of func(results.Failover) results.Duration, awaited func(*results.Run) []results.Outage) ofFailover {
	return ofFailover{
		took:    func(f results.Failover) (results.Duration, bool) { return of(f), of(f) > 0 },
		awaited: awaited,
	}
}

func (m ofFailover) measure(e Evidence, s Scope) Measurement {
	if m.awaited == nil {
		return m.longest(inShard(e.Summary.Failovers, s.Shard))
	}
	return m.longestAwaited(e, inShard(e.Summary.Failovers, s.Shard))
}

// longest is of the failovers that completed.
func (m ofFailover) longest(list []results.Failover) Measurement {
	var worst results.Duration
	fault, seen := "", 0
	for _, f := range list {
		if d, ok := m.took(f); ok && f.Completed() {
			if seen++; d >= worst {
				worst, fault = d, words.OriginText(f)
			}
		}
	}
	if seen == 0 {
		return nothing("no failover showed it")
	}
	return measured(worst.Std().Seconds(), slowest(fault, seen))
}

// longestAwaited counts a failover that did not end while it was watched with the time
// that it was watched.
func (m ofFailover) longestAwaited(e Evidence, list []results.Failover) Measurement {
	var worst results.Duration
	fault, seen, open := "", 0, false
	for _, f := range list {
		d, ok := m.took(f)
		if f.Complete && f.To == f.From {
			continue
		} else if !ok {
			if d, ok = m.watched(e, f); !ok {
				continue
			}
			open = true
		}
		seen++
		if d > worst {
			worst, fault = d, words.OriginText(f)
		}
	}
	if seen == 0 {
		return nothing("no failover took place, or nothing watched it")
	}
	r := measured(worst.Std().Seconds(), slowest(fault, seen))
	if open {
		r.AtLeast = true
		r.Evidence += "; at least one had not ended when observation did"
	}
	return r
}

// watched is how long a failover that did not end was watched; ok is false if nothing
// waited for its end.
func (m ofFailover) watched(e Evidence, f results.Failover) (d results.Duration, ok bool) {
	if m.awaited == nil {
		return 0, false
	}
	return f.Unended(m.awaited(e.Run))
}

func (m ofFailover) figures(e Evidence) []reading {
	var ended, open []float64
	for _, f := range e.Summary.Failovers {
		d, ok := m.took(f)
		if ok && f.Completed() {
			ended = append(ended, d.Std().Seconds())
		} else if d, watched := m.watched(e, f); !ok && watched && !(f.Complete && f.To == f.From) {
			open = append(open, d.Std().Seconds())
		}
	}
	return []reading{{values: append(ended, open...), atLeast: len(open)}}
}

func (ofFailover) group() int { return groupRun }

func slowest(fault string, of int) string {
	return fmt.Sprintf("%s, slowest of %s", fault, words.Plural(of, "failover", "failovers"))
}

// inShard are the failovers of one shard, or all of them.
func inShard(list []results.Failover, shard *int) []results.Failover {
	if shard == nil {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(f results.Failover) bool { return f.Shard != *shard })
}

// completed is the number of failovers that completed.
type completed struct{}

func (completed) count(list []results.Failover) int {
	n := 0
	for _, f := range list {
		if f.Completed() {
			n++
		}
	}
	return n
}

func (c completed) measure(e Evidence, s Scope) Measurement {
	list := inShard(e.Summary.Failovers, s.Shard)
	n, alone := 0, 0
	struck := map[string]bool{}
	for _, f := range list {
		if f.Fault != "" {
			struck[f.Fault] = true
		}
		if f.Completed() {
			n++
			if f.Cause == results.Unexplained {
				alone++
			}
		}
	}
	text := fmt.Sprintf("%s on a primary, %s", words.Plural(len(struck), "fault", "faults"), words.Plural(n, "failover", "failovers"))
	if alone > 0 {
		text += fmt.Sprintf(", %d of them without a fault", alone)
	}
	return measured(float64(n), text)
}

func (c completed) figures(e Evidence) []reading {
	return figure(float64(c.count(e.Summary.Failovers)))
}

func (completed) group() int { return groupRun }
