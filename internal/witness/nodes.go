package witness

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// restarts holds the starts of processes that slotstorm recorded against the logs, and
// the processes' own statistics against both.
func restarts(b *results.Bundle, e *evidence) results.Check {
	c := newCheck(results.CheckRestarts)
	if !e.hasLogs(c) {
		return c.answer()
	}
	supervised := slices.ContainsFunc(b.Events, func(ev results.Event) bool { return ev.Kind == results.EventNodeStart })
	if !supervised {
		c.limit("the bundle does not record who started the nodes")
	}
	for _, n := range e.nodes {
		if !n.hasLog || !n.whole {
			c.limit("the log of %s is not whole", n.Name)
			continue
		}
		var last results.Duration
		for _, l := range n.log {
			if l.what == lineStart {
				last = l.at
			}
		}
		if supervised {
			starts := n.starts()
			c.compare("starts of "+n.Name, started(b, n.Name), span{starts, starts})
		}
		n.uptime(c, &b.Run, last)
	}
	return c.answer()
}

// uptime holds the age of the last process against its start in the log. INFO cuts it
// to seconds, and refreshes its clock ten times in one.
func (n *node) uptime(c *check, run *results.Run, start results.Duration) {
	if len(n.samples) == 0 {
		return
	}
	last := n.samples[len(n.samples)-1]
	age, ok := last.info.number("uptime_in_seconds")
	if !ok || last.asked < start {
		return
	}
	c.Compared++
	if logged := (last.answered - start).Std().Seconds(); float64(age) > logged+2 || float64(age) < logged-3 {
		c.differ("age of "+n.Name+" at the end", fmt.Sprintf("started at %s", since(run, start)), fmt.Sprintf("up for %d s at %s", age, since(run, last.answered)))
	}
}

// replication holds the replicas' offsets against those of their primaries, and the
// resynchronisations that primaries counted against those that replicas logged.
func replication(e *evidence) results.Check {
	c := newCheck(results.CheckReplication)
	e.offsets(c)
	e.resyncs(c)
	return c.answer()
}

// offsets: a replica cannot be ahead of its primary. Its first sample of the settled
// cluster is from before its primary's second.
func (e *evidence) offsets(c *check) {
	for _, n := range e.nodes {
		mine := n.settled()
		if len(mine) == 0 || mine[0].info.primary() {
			continue
		}
		for _, p := range e.nodes {
			its := p.settled()
			if len(its) < 2 || !its[1].info.primary() || its[1].info["master_replid"] != mine[0].info["master_replid"] {
				continue
			}
			behind, ok1 := mine[0].info.offset()
			ahead, ok2 := its[1].info.offset()
			if !ok1 || !ok2 || mine[0].answered > its[1].asked {
				continue
			}
			c.Compared++
			if behind > ahead {
				c.differ("offset of "+n.Name+", a replica of "+p.Name, "a replica follows its primary", fmt.Sprintf("%s, its primary's is %s", grouped(behind), grouped(ahead)))
			}
		}
	}
	if c.Compared == 0 {
		c.limit("the bundle keeps no replication offsets of the settled cluster")
	}
}

// settled are the samples of the settled cluster.
func (n *node) settled() []sample {
	var list []sample
	for _, s := range n.samples {
		if s.moment == results.MomentSettled {
			list = append(list, s)
		}
	}
	return list
}

// resyncs: each synchronisation that a replica logged was counted by the primary that it
// had connected to. A primary counts those too whose replica did not get its answer.
func (e *evidence) resyncs(c *check) {
	logged := map[string]map[lineKind]int64{}
	for _, n := range e.nodes {
		if !n.hasLog || !n.whole || len(n.settled()) == 0 {
			c.limit("resynchronisations: the log or the statistics of %s are not whole", n.Name)
			return
		}
		// No statistics hold later ones.
		end, from := n.settled()[0].asked, ""
		for _, l := range n.log {
			switch {
			case l.at > end:
			case l.what == lineConnect:
				from = l.about
			case l.what == lineFull, l.what == linePartial:
				if logged[from] == nil {
					logged[from] = map[lineKind]int64{}
				}
				logged[from][l.what]++
			}
		}
	}
	for _, n := range e.nodes {
		for kind, field := range map[lineKind]string{lineFull: "sync_full", linePartial: "sync_partial_ok"} {
			c.compare(fmt.Sprintf("%ss from %s", kind, n.Name), span{logged[n.Name][kind], unbounded}, n.total(field))
		}
	}
	slices.SortFunc(c.Differences, func(x, y results.Difference) int { return compareText(x.Of, y.Of) })
}

// total is what all processes of a node counted in a field of INFO: the last sample of
// each has all of it but for what came after.
func (n *node) total(field string) (s span) {
	for i, at := range n.samples {
		last := i+1 == len(n.samples)
		if !last && n.samples[i+1].info["run_id"] == at.info["run_id"] {
			continue
		}
		v, _ := at.info.number(field)
		s = s.plus(span{v, v})
		if !last {
			s.high = unbounded
		}
	}
	return s
}

// owners holds who serves each shard at the end, by the nodes' own views, against the
// takeovers of the report, and config epochs against each other.
func owners(b *results.Bundle, s *results.Summary, e *evidence) results.Check {
	c := newCheck(results.CheckOwners)
	if !slices.ContainsFunc(e.nodes, func(n *node) bool { return n.after != nil }) {
		c.limit("the bundle keeps no view of the cluster at the end")
		return c.answer()
	}
	if !b.Run.HealthyAfter {
		c.limit("the cluster was not whole at the end: the views of its nodes may differ")
		return c.answer()
	}
	for _, shard := range b.Run.Shards {
		switch why := e.strayed(shard); {
		case e.split(c, shard):
		case why != "":
			c.limit("%s", why)
		default:
			e.owner(c, b, s, shard)
		}
	}
	e.epochs(c)
	return c.answer()
}

// owner holds the last owner of a shard against the last takeover of it.
func (e *evidence) owner(c *check, b *results.Bundle, s *results.Summary, shard results.Shard) {
	for _, f := range s.Failovers {
		if f.Shard == shard.Index && f.Means == results.MeansMoved {
			c.limit("slots of shard %d moved", shard.Index)
			return
		}
	}
	last := shard.Primary
	for _, t := range reported(b, s) {
		if t.shard == shard.Index {
			last = t.to
		}
	}
	for _, p := range e.promotions() {
		if p.at > b.Run.LoadEnd && p.node.Shard == shard.Index {
			return // a takeover after the load is no part of the report
		}
	}
	r, ok := parseRange(shard.Slots)
	if !ok {
		return
	}
	for _, n := range e.nodes {
		for _, v := range n.after {
			if !v.primary || !v.serves(r.first) {
				continue
			}
			c.Compared++
			if is := e.named(v.id); is != last {
				c.differ(fmt.Sprintf("primary of shard %d at the end", shard.Index), last, is+" in the view of "+n.Name)
				return
			}
		}
	}
}

// split notes that the views of a whole cluster differ on who serves a shard.
func (e *evidence) split(c *check, shard results.Shard) bool {
	r, ok := parseRange(shard.Slots)
	if !ok {
		return false
	}
	owner, by := "", ""
	for _, n := range e.nodes {
		for _, v := range n.after {
			if !v.primary || !v.serves(r.first) {
				continue
			}
			is := e.named(v.id)
			if owner != "" && is != owner {
				c.differ(fmt.Sprintf("primary of shard %d at the end", shard.Index), "all nodes agree in a whole cluster", fmt.Sprintf("%s in the view of %s, %s in that of %s", owner, by, is, n.Name))
				return true
			}
			owner, by = is, n.Name
		}
	}
	return false
}

func (v view) serves(slot int) bool {
	return slices.ContainsFunc(v.slots, func(r slotRange) bool { return r.first <= slot && slot <= r.last })
}

// epochs: the views agree on the config epoch of each primary with slots, no two of
// them have the same, and none is below what it was before.
func (e *evidence) epochs(c *check) {
	seen, by := map[string]int64{}, map[int64]string{}
	for _, n := range e.nodes {
		for _, v := range n.after {
			if !v.primary || len(v.slots) == 0 {
				continue
			}
			c.Compared++
			name := e.named(v.id)
			if was, ok := seen[name]; ok && was != v.epoch {
				c.differ("config epoch of "+name+" at the end", "all nodes agree in a whole cluster", fmt.Sprintf("%d and %d", was, v.epoch))
			}
			seen[name] = v.epoch
		}
		for _, v := range n.before {
			if now, ok := seen[e.named(v.id)]; ok && now < v.epoch {
				c.differ("config epoch of "+e.named(v.id), fmt.Sprintf("%d before", v.epoch), fmt.Sprintf("%d at the end", now))
			}
		}
	}
	for name, epoch := range seen {
		if other, twice := by[epoch]; twice {
			c.differ(fmt.Sprintf("config epoch %d", epoch), "one primary", fmt.Sprintf("%s and %s", min(name, other), max(name, other)))
		}
		by[epoch] = name
	}
	for _, n := range e.nodes {
		for _, l := range n.log {
			if now, ok := seen[n.Name]; l.what == lineEpoch && ok && now < l.epoch {
				c.differ("config epoch of "+n.Name, fmt.Sprintf("%d in its log", l.epoch), fmt.Sprintf("%d at the end", now))
			}
		}
	}
}

// strayed says why the nodes of a shard are not those that it was deployed with; empty
// if they are.
func (e *evidence) strayed(shard results.Shard) string {
	r, ok := parseRange(shard.Slots)
	if !ok {
		return fmt.Sprintf("shard %d has no range of slots", shard.Index)
	}
	for _, n := range e.nodes {
		for _, v := range slices.Concat(n.before, n.after) {
			if v.primary && v.overlaps(r) && !slices.Contains(shard.Nodes, e.named(v.id)) {
				return fmt.Sprintf("%s, which is of another shard, serves slots of shard %d", e.named(v.id), shard.Index)
			}
		}
	}
	return ""
}

func (v view) overlaps(r slotRange) bool {
	return slices.ContainsFunc(v.slots, func(s slotRange) bool { return s.first <= r.last && r.first <= s.last })
}
