package witness

import (
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// role is what a node was between two samples.
type role int

const (
	primary role = iota
	replica
	// changed: it was both, or it is not known which.
	changed
)

// segment is what a node counted between two samples that follow each other.
type segment struct {
	role     role
	commands map[string]calls
	errors   map[string]int64
	// turnedAway are connections beyond maxclients: each got an ERR that is in no statistics
	// of errors.
	turnedAway int64
}

// counted is what a node counted from before the load until after it.
type counted struct {
	segments []segment
	// lost says why a part of its counts is missing: the others are a lower bound.
	lost loss
	// shared says that others use the cluster too: what is counted is an upper bound.
	shared bool
	// imported says that its shard took slots in one step: of the writes that it executed,
	// some came from their old owner.
	imported bool
}

// loss is why a part of what a node counted is missing.
type loss string

const (
	whole     loss = ""
	restarted loss = "restarted: what a process counted after its last sample is lost with it"
	silent    loss = "gave no statistics before or after the load"
)

// lowerBounds notes which nodes' counts are lower bounds, and whether they are upper ones.
func lowerBounds(c *check, list []counted, nodes []*node) {
	if slices.ContainsFunc(list, func(n counted) bool { return n.shared }) {
		c.limit("others may use the cluster too, so the servers' sums are upper bounds")
	}
	for _, why := range []loss{restarted, silent} {
		var names []string
		for i, n := range nodes {
			if list[i].lost == why {
				names = append(names, n.Name)
			}
		}
		if len(names) > 0 {
			c.limit("%s %s, so the servers' sums are lower bounds", strings.Join(names, ", "), why)
		}
	}
}

// counts are those of the load. Statistics live in the process: a node that restarts
// begins at 0, and what it counted after its last sample is gone.
func (n *node) counts() counted {
	var c counted
	list := n.samples
	if i := slices.IndexFunc(list, func(s sample) bool { return s.moment == results.MomentAfter }); i >= 0 {
		list = list[:i+1]
	} else {
		list = slices.DeleteFunc(slices.Clone(list), func(s sample) bool { return s.moment == results.MomentSettled })
		c.lost = silent
	}
	if len(list) == 0 || list[0].moment != results.MomentBefore {
		c.lost = silent
	}
	for i := 1; i < len(list); i++ {
		a, b := list[i-1], list[i]
		s, same := between(a.info, b.info)
		if !same {
			c.lost = restarted
		}
		c.segments = append(c.segments, s)
	}
	return c
}

// between is what was counted from a to b; same is false if b is of another process, or
// if its statistics were reset, and then it counts from 0.
func between(a, b info) (s segment, same bool) {
	s = segment{role: changed, commands: b.commands(), errors: b.errors()}
	s.turnedAway, _ = b.number("rejected_connections") // none is 0
	same = a["run_id"] == b["run_id"]
	was, before := a.commands(), a.errors()
	for name, c := range was {
		same = same && s.commands[name].executed >= c.executed
	}
	for class, n := range before {
		same = same && s.errors[class] >= n
	}
	if !same {
		return s, false
	}
	for name, c := range was {
		now := s.commands[name]
		s.commands[name] = calls{now.executed - c.executed, now.rejected - c.rejected, now.failed - c.failed}
	}
	for class, n := range before {
		s.errors[class] -= n
	}
	rejected, _ := a.number("rejected_connections")
	s.turnedAway -= rejected
	// A replica that synchronises anew, and one that is promoted, have another history.
	if a["role"] == b["role"] && a["master_replid"] == b["master_replid"] {
		s.role = replica
		if b.primary() {
			s.role = primary
		}
	}
	return s, true
}

// effect says on which nodes clients can execute a command.
type effect int

const (
	// reads are executed by primaries and replicas, and not replicated.
	reads effect = iota
	// writes are executed by primaries, and again by each replica.
	writes
	// either: it is not known which of the two.
	either
)

// effectOf is that of a command, by the name that statistics have for it.
func effectOf(command string) effect {
	switch command {
	case "get", "mget", "hget", "hgetall", "lrange", "zrange", "sismember", "evalsha", "spublish", "exists", "strlen", "ttl", "scard", "llen", "hlen", "zcard", "zscore":
		return reads
	case "set", "mset", "incr", "decr", "hset", "lpush", "rpush", "lpop", "rpop", "zadd", "zincrby", "sadd", "expire", "pexpire", "del", "xadd", "incrby", "append", "setrange":
		return writes
	}
	return either
}

// executed is how often clients had a command executed, without an error.
func (c counted) executed(command string) span {
	var sum span
	for _, s := range c.segments {
		n, e := s.commands[command].ok(), effectOf(command)
		switch {
		case e == reads, s.role == primary && !c.imported:
			sum = sum.plus(span{n, n})
		case e == writes && s.role == replica:
			// These came from its primary.
		default:
			sum = sum.plus(span{0, n})
		}
	}
	return c.bounded(sum)
}

// bounded is a sum with what is not known of it.
func (c counted) bounded(sum span) span {
	if c.lost != whole {
		sum.high = unbounded
	}
	if c.shared {
		sum.low = 0
	}
	return sum
}

// replied is how often it answered with an error of a class.
func (c counted) replied(class string) span {
	var sum span
	for _, s := range c.segments {
		sum = sum.plus(span{s.errors[class], s.errors[class]})
		if class == "ERR" {
			sum = sum.plus(span{0, s.turnedAway})
		}
	}
	return c.bounded(sum)
}
