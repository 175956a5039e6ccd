package facts

import (
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// leastWrites is how many audited writes show what one costs.
const leastWrites = 5

// SyncedWrites are audited writes to a node whose disk was slow, under appendfsync always: the
// node syncs its append-only file before it answers a write. Source: beforeSleep in Redis'
// server.c, which flushes the file before it sends replies.
type SyncedWrites struct {
	Fault results.Fault
	Node  string
	// Added is what the fault added to each fsync.
	Added results.Duration
	// Before and During are the medians from the sending of a write to its reply: of so many
	// writes before a disk of the node was slow, and while the fault was in force.
	Before, During             results.Duration
	WritesBefore, WritesDuring int
}

// WaitedForFsync are the faults of a run whose slow fsync the writes of a node waited for: their
// median is no less than what was added to an fsync, and it was less than half of that before.
// None, if the run does not show it: without audited writes, with too few of them, or if
// appendfsync is not always on each node all the time.
func (a *Analysis) WaitedForFsync() []SyncedWrites {
	if a.Directive("appendonly") != "yes" || a.Directive("appendfsync") != "always" || !a.Uniform("appendonly") || !a.Uniform("appendfsync") {
		return nil
	}
	var list []SyncedWrites
	for _, f := range a.Run.Faults {
		disk := a.Stated(f.Name).SlowDisk
		// A write that is slow itself holds a command up as well.
		if disk == nil || disk.Fsync == 0 || disk.Write > 0 || f.Injected == 0 || f.Proved == 0 {
			continue
		}
		for _, h := range f.Hits() {
			away, _ := a.away(f, h.Node)
			s := SyncedWrites{Fault: f, Node: h.Node, Added: results.DurationOf(time.Duration(disk.Fsync))}
			s.During, s.WritesDuring = a.writeTime(h.Node, away)
			s.Before, s.WritesBefore = a.writeTime(h.Node, stretch{a.Run.TimelineStart, a.firstSlow(h.Node)})
			if min(s.WritesBefore, s.WritesDuring) >= leastWrites && s.During >= s.Added && s.Before < s.Added/2 {
				list = append(list, s)
			}
		}
	}
	return list
}

// firstSlow is when the first fault struck the disk of a node.
func (a *Analysis) firstSlow(node string) results.Duration {
	first := a.end()
	for _, f := range a.Run.Faults {
		if f.Takes == results.TakesDisk && f.Injected > 0 && slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Node == node }) {
			first = min(first, f.Injected)
		}
	}
	return first
}

// writeTime is the median time of the audited writes that a node acknowledged at the first
// attempt within a stretch of time, and their number.
func (a *Analysis) writeTime(node string, within stretch) (median results.Duration, n int) {
	var times []results.Duration
	for _, w := range a.Writes {
		if w.Node == node && w.Outcome == "ok" && w.Attempts <= 1 && w.Sent >= within.from && w.Done <= within.to {
			times = append(times, w.Done-w.Sent)
		}
	}
	if len(times) == 0 {
		return 0, 0
	}
	slices.Sort(times)
	return times[(len(times)-1)/2], len(times)
}
