package witness

import (
	"fmt"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// stretch is a time in which, by the logs, nothing served a shard.
type stretch struct {
	shard       int
	from, until results.Duration
	// what ended it, in words.
	end string
	// takeover is the one that ended it; nil if the old primary came back.
	takeover *takeover
}

// outages holds the outages of the probes against the logs. While the primary of a shard
// is certainly away, nothing serves it from the moment in which a replica lost it, or at
// the latest from FAIL, until a promotion or its own start: an outage must contain that.
// And no audited write to the shard can have been acknowledged within it.
func outages(b *results.Bundle, s *results.Summary, e *evidence) results.Check {
	c := newCheck(results.CheckOutages)
	if s.Availability.Observed == 0 {
		c.limit("no probe ran")
		return c.answer()
	}
	open := 0
	var list []stretch
	for _, t := range reported(b, s) {
		if u, ok := e.unserved(t); ok {
			list = append(list, u)
		} else {
			open++
		}
	}
	if open > 0 {
		c.limit("%s of %d takeovers: the old primary may have served beside, or the logs do not date it", grouped(int64(open)), open+len(list))
	}
	if crashed := func(f results.Fault) bool { return f.Takes == results.TakesProcess }; e.run.Environment.Kubernetes != nil && slices.ContainsFunc(e.run.Faults, crashed) {
		c.limit("Kubernetes does not say when the process of a pod ended")
	}
	for _, u := range append(list, e.returned()...) {
		e.contained(c, b, u)
	}
	return c.answer()
}

// contained holds a stretch against the outage around it. The probes end with the load, and
// so does the outage of a primary that comes back later.
func (e *evidence) contained(c *check, b *results.Bundle, u stretch) {
	if end := b.Run.LoadEnd; end > 0 && u.until > end {
		u.until = end
	}
	if u.from >= u.until {
		return
	}
	of := fmt.Sprintf("outage of shard %d until %s", u.shard, u.end)
	servers := fmt.Sprintf("from %s to %s", since(&b.Run, u.from), since(&b.Run, u.until))
	c.Compared++
	o := around(b.Run.ProbeOutages, u.shard, u.from, u.until)
	if o == nil {
		c.differ(of, "none", servers)
		return
	}
	shown := fmt.Sprintf("from %s to %s", since(&b.Run, o.From), since(&b.Run, o.To))
	late := stall(b, o.From, o.To)
	if o.From > u.from+edge()+late || o.To < u.until-edge() {
		c.differ(of, shown, servers)
	}
	if w := acknowledgedWithin(b, *o, late); w != nil {
		c.differ(of, shown, fmt.Sprintf("%s acknowledged audited write %d at %s", w.Node, w.Seq, since(&b.Run, w.Done)))
	}
	if t := u.takeover; t != nil {
		c.Compared++
		if t.outage+2*edge()+late < u.until-u.from {
			c.differ(of+", its length", fmt.Sprintf("%.3f s", t.outage.Std().Seconds()), fmt.Sprintf("at least %.3f s", (u.until-u.from).Std().Seconds()))
		}
	}
}

// unserved is the stretch that a takeover ended. ok is false where the old primary may
// have gone on serving.
func (e *evidence) unserved(t takeover) (u stretch, ok bool) {
	winner := e.node(t.to)
	if winner == nil {
		return stretch{}, false
	}
	u = stretch{shard: t.shard, from: -1, until: -1, end: "the promotion of " + t.to, takeover: &t}
	for _, p := range e.promotions() {
		nearest := u.until < 0 || apart(p.at, t.promoted) < apart(u.until, t.promoted)
		if p.node == winner && t.seen && p.at >= t.injected && nearest {
			u.until = p.at
		}
	}
	for _, at := range e.marks(t.from) {
		if at >= t.injected && at < u.until {
			u.from = at
			break
		}
	}
	if u.until < 0 || u.from < 0 || !e.away(t.from, u.from, u.until) {
		return stretch{}, false
	}
	// The winner's link to the primary breaks when its process dies.
	for _, l := range winner.log {
		if l.what == lineLost && l.at >= t.injected && l.at < u.from && e.died(t.from, l.at) {
			u.from = l.at
			break
		}
	}
	return u, true
}

// returned are the stretches after a crash of a primary that no other node took over
// from: they end with the next start of its server. On Kubernetes nothing dates the
// crash: a pod's object is gone before its process is.
func (e *evidence) returned() []stretch {
	if e.run.Environment.Kubernetes != nil {
		return nil
	}
	var list []stretch
	for _, f := range e.run.Faults {
		if f.Takes != results.TakesProcess || f.Asked || f.Gradual || f.Proved == 0 {
			continue
		}
		for _, h := range f.Hits() {
			n := e.node(h.Node)
			if h.Role != "primary" || n == nil || !n.hasLog || e.moved(h.Shard) {
				continue
			}
			for _, l := range n.log {
				if l.what == lineStart && l.at > f.Proved {
					if !e.promotedBetween(h.Shard, f.Injected, l.at) {
						list = append(list, stretch{shard: h.Shard, from: f.Proved, until: l.at, end: "the start of " + h.Node})
					}
					break
				}
			}
		}
	}
	return list
}

// moved reports whether nodes of other shards have served slots of a shard.
func (e *evidence) moved(shard int) bool {
	return slices.ContainsFunc(e.run.Shards, func(s results.Shard) bool { return s.Index == shard && e.strayed(s) != "" })
}

// promotedBetween reports whether a node of a shard was promoted within a stretch.
func (e *evidence) promotedBetween(shard int, from, until results.Duration) bool {
	return slices.ContainsFunc(e.promotions(), func(p promotion) bool {
		return p.node.Shard == shard && p.at >= from && p.at <= until
	})
}

// away reports whether a fault kept a node's process away during a stretch.
func (e *evidence) away(name string, from, until results.Duration) bool {
	return slices.ContainsFunc(e.run.Faults, func(f results.Fault) bool {
		if f.Takes != results.TakesProcess && !(f.Takes == results.TakesTime && f.Deposes) {
			return false
		}
		back := f.Restored
		if f.Takes == results.TakesTime {
			back = f.Released
		}
		hit := slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Node == name })
		return hit && f.Proved > 0 && !f.Gradual && f.Injected <= from && (back == 0 || back >= until)
	}) && !e.spoke(name, from, until)
}

// spoke reports whether a node wrote to its log, as far as the witness knows the line,
// within a stretch.
func (e *evidence) spoke(name string, from, until results.Duration) bool {
	n := e.node(name)
	return n == nil || !n.hasLog || slices.ContainsFunc(n.log, func(l logLine) bool { return l.at > from && l.at < until })
}

// died reports whether a fault ended a node's process shortly before a moment.
func (e *evidence) died(name string, at results.Duration) bool {
	return slices.ContainsFunc(e.run.Faults, func(f results.Fault) bool {
		hit := slices.ContainsFunc(f.Hits(), func(h results.Hit) bool { return h.Node == name })
		return hit && f.Takes == results.TakesProcess && !f.Asked && f.Injected <= at && f.Proved >= f.Injected
	})
}

// around is the longest outage of a shard that overlaps a stretch, or nil.
func around(list []results.Outage, shard int, from, until results.Duration) *results.Outage {
	var found *results.Outage
	for i, o := range list {
		if o.Shard == shard && o.From < until && o.To > from && (found == nil || o.To-o.From > found.To-found.From) {
			found = &list[i]
		}
	}
	return found
}

// stall is how late the process that probes may have read its clock around a stretch, by
// its own measure: the longest delay of each kind. It dates a good write when it comes
// to run, so an outage may seem to begin and to end that much later than it did.
func stall(b *results.Bundle, from, to results.Duration) results.Duration {
	first, last := int((from-b.Run.LoadStart).Std().Seconds())-1, int((to-b.Run.LoadStart).Std().Seconds())+1
	longest := map[results.Delay]int64{}
	for _, i := range b.SelfIntervals {
		if i.Second >= first && i.Second <= last {
			longest[i.Delay] = max(longest[i.Delay], i.Histogram.Max())
		}
	}
	sum := results.Duration(0)
	for _, micros := range longest {
		sum += results.DurationOf(time.Duration(micros) * time.Microsecond)
	}
	return sum
}

// acknowledgedWithin is an audited write that began and was acknowledged within an
// outage, or nil.
func acknowledgedWithin(b *results.Bundle, o results.Outage, late results.Duration) *results.Write {
	for i, w := range b.Writes {
		if w.Shard == o.Shard && results.Outcome(w.Outcome) == results.OK && w.Sent > o.From+o.Uncertainty && w.Done < o.To-o.Uncertainty-late && !beyondCut(&b.Run, w) && !resharded(&b.Run, w) {
			return &b.Writes[i]
		}
	}
	return nil
}

// resharded reports whether a write was acknowledged by a shard to which slots of its own were
// moved on purpose: it says nothing of those that stayed.
func resharded(r *results.Run, w results.Write) bool {
	i := slices.IndexFunc(r.Nodes, func(n results.Node) bool { return n.Name == w.Node })
	return i >= 0 && slices.ContainsFunc(r.Faults, func(f results.Fault) bool {
		return slices.ContainsFunc(f.Moves(), func(m results.SlotMove) bool { return m.From == w.Shard && m.To == r.Nodes[i].Shard })
	})
}

// beyondCut reports whether a write came from another place than the probes while the network
// was cut: the shard may have been with its client, and away from the probes.
func beyondCut(r *results.Run, w results.Write) bool {
	const probes = "generator 0" // where they stand
	return w.Client != "" && w.Client != probes && slices.ContainsFunc(r.Faults, func(f results.Fault) bool {
		end := max(f.Released, f.Restored, f.Verified)
		return f.Disconnects && f.Injected > 0 && f.Injected <= w.Done && (end == 0 || w.Sent <= end)
	})
}
