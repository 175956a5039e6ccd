package witness

import (
	"maps"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// mostly are classes of error replies that probes, polls and the client library cause
// by themselves: only a lower bound holds for them.
var mostly = []string{"MOVED", "ASK", "ERR", "LOADING", "NOAUTH", "NOPERM", "BUSY", "NOSCRIPT", "MASTERDOWN", "EXECABORT", "TRYAGAIN", "WRONGTYPE"}

// errorReplies holds the error classes of the report against the servers' error
// statistics, which came with Redis 6.2.
func errorReplies(b *results.Bundle, e *evidence) results.Check {
	c := newCheck(results.CheckErrors)
	if !slices.ContainsFunc(e.nodes, func(n *node) bool { return len(n.samples) > 0 }) {
		c.limit("the bundle keeps no error statistics")
		return c.answer()
	}
	served := map[string]span{}
	nodes := make([]counted, len(e.nodes))
	for i, n := range e.nodes {
		nodes[i] = n.counts()
		nodes[i].shared = b.Run.Environment.Shared
		for _, s := range nodes[i].segments {
			for class := range s.errors {
				served[class] = span{}
			}
		}
	}
	lowerBounds(c, nodes, e.nodes)
	reported, seen := replies(b)
	seen += probeReplies(b, e)
	for class := range reported {
		served[class] = span{}
	}
	for _, class := range slices.Sorted(maps.Keys(served)) {
		var sum span
		for _, n := range nodes {
			sum = sum.plus(n.replied(class))
		}
		mine := reported[class]
		if slices.Contains(mostly, class) {
			mine.high = unbounded
		} else {
			mine.high += seen
		}
		if mine.low == 0 && mine.high >= unbounded {
			continue
		}
		c.compare("replies "+class, mine, sum)
	}
	if len(c.Differences) == 0 {
		c.Compared++ // no other class has any
	}
	return c.answer()
}

// replies are the error replies of the load and the audit by class. Each request that
// ended with one, or was ok after one, had at least one such reply and at most one of each
// of its commands at each attempt. more is how many further ones may have been: those of requests that
// ended otherwise, and of probes, which count no classes.
func replies(b *results.Bundle) (byClass map[string]span, more int64) {
	byClass = map[string]span{}
	d, _ := demanded(&b.Run)
	tries := attempts(b.Run.Client) * max(1, d.refusals)
	add := func(class string, n, each int64) {
		if replyClass(class) {
			byClass[class] = byClass[class].plus(span{n, n * each})
		}
	}
	for _, f := range b.Frames {
		for class, n := range f.Errors {
			add(class, int64(n), tries)
		}
		for class, n := range f.Retried {
			add(class, int64(n), tries)
		}
		for _, n := range f.Commands {
			more += int64(n.Failed+n.Unknown) * tries
		}
		for _, p := range f.Probes {
			more += int64(p.Bad)
		}
	}
	for _, w := range b.Writes {
		add(w.Error, 1, 1)
	}
	for _, r := range b.Reads {
		if !r.Final {
			add(r.Error, 1, 1)
		}
	}
	return byClass, more
}

// probeReplies is how many error replies probes may have had beyond those of the frames: in
// outages, in which every node is probed for a shard that takes no writes, and after the
// last frame.
func probeReplies(b *results.Bundle, e *evidence) int64 {
	// Without a scenario there is no interval, and nothing bounds them.
	d, _ := demanded(&b.Run)
	sum := int64(0)
	if d.probeEvery > 0 {
		most := int64(0)
		for _, s := range b.Run.Shards {
			most = max(most, unframed(b, s.Index, d.probeEvery))
		}
		sum += int64(len(b.Run.Nodes)) * (most + probesAfter(b, e, d.probeEvery) + 1)
	}
	for _, o := range b.Run.ProbeOutages {
		if d.probeEvery <= 0 {
			return unbounded
		}
		sum += int64(len(b.Run.Nodes)) * (int64((o.To-o.From).Std()/d.probeEvery) + 1)
		for _, n := range o.Errors {
			sum += int64(n)
		}
	}
	return sum
}
