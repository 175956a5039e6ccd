package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// validateSpacing wants two faults that can each take the primary of one shard
// away to be so far apart that each is a rehearsal of its own: the first is over,
// and the voters are ready to vote for a replica of the same primary again, which
// they refuse within 2 × cluster-node-timeout (clusterSendFailoverAuthIfNeeded in
// Redis' cluster.c). Valkey votes again at once from 8.1 on; the rule holds for it too,
// because the product may not be known before the run. One error for each pair of faults.
func (d *document) validateSpacing(s *Scenario) {
	by := []string{"cluster.local.restartDelay", "redis.config"}
	if d.failed(append(by, "redis.config.cluster-node-timeout")...) {
		return
	}
	pause := 2 * Duration(s.Redis.NodeTimeout())
	hint := func(f Fault) string {
		what := "duration"
		switch t := f.Traits(); {
		case t.Away != nil:
			what = "away"
		case t.Restarts:
			what = "restartDelay"
		}
		over := f.recovery(s)
		return fmt.Sprintf("faults of one shard need %s between them: %s (%s) until the first is over, and 2 × cluster-node-timeout (%s), within which voters of Redis, and of Valkey before 8.1, refuse a second vote for the same primary; or say allow: [%s]",
			over+pause, what, over, pause, Overlap)
	}

	faults := s.Timeline.Faults
	for i, f := range faults {
		if !f.deposes() || f.Allows(Overlap) || d.wrongTimes(i, f) {
			continue
		}
		if times, every, jitter := f.injections(); times > 1 && every-jitter < f.recovery(s)+pause {
			d.reject(faultPath(i)+".repeat.every", nil, hint(f), "two injections can be only %s apart", every-jitter)
		}
		for j, g := range faults[:i] {
			if !g.deposes() || d.wrongTimes(j, g) || !sameShard(f, g) {
				continue
			}
			if left := gap(f, g, f.recovery(s), g.recovery(s)); left < pause {
				d.reject(faultPath(i)+".at", nil, hint(g), "comes too close to %s (%s), at the same shard", faultPath(j), g.Name)
				break
			}
		}
	}
}

// validateTogether refuses faults that take the primaries of so many shards away, one soon
// after the other, that no majority is left to vote: within cluster-node-timeout no replica
// has taken over yet. The fault's check sees the rest, by the roles of the moment.
func (d *document) validateTogether(s *Scenario) {
	if d.failed("redis.shards", "cluster.local.restartDelay", "redis.config", "redis.config.cluster-node-timeout") {
		return
	}
	within := Duration(s.Redis.NodeTimeout())
	for i, f := range s.Timeline.Faults {
		shard, ok := downShard(s, f)
		if !ok || f.Allows(MajorityDown) || d.wrongTimes(i, f) {
			continue
		}
		down := map[int]bool{shard: true}
		var with []string
		for j, g := range s.Timeline.Faults {
			other, ok := downShard(s, g)
			since := f.At - g.At
			if i == j || !ok || d.wrongTimes(j, g) || since < 0 || since == 0 && j > i || since >= min(within, g.recovery(s)) || down[other] || s.hasFailover(g.At, f.At) {
				continue
			}
			down[other] = true
			with = append(with, fmt.Sprintf("%s (at %s)", cmp.Or(g.Name, faultPath(j)), g.At))
		}
		if len(with) > 0 && 2*len(down) >= s.Redis.Shards {
			d.reject(faultPath(i)+".at", []string{"redis.shards", "redis.config.cluster-node-timeout"}, "inject later than that, or, if you mean it, add allow: ["+string(MajorityDown)+"] to the fault",
				"with %s it takes %d of the %d primaries away within cluster-node-timeout (%s): no majority is left to vote", strings.Join(with, " and "), len(down), s.Redis.Shards, within)
		}
	}
}

// hasFailover reports whether a fault asks a replica to take over from one time to another:
// it need not wait for cluster-node-timeout.
func (s *Scenario) hasFailover(from, to Duration) bool {
	return slices.ContainsFunc(s.Timeline.Faults, func(f Fault) bool {
		return f.Action() != nil && f.Traits().Takes == TakesRole && from <= f.At && f.At <= to
	})
}

// downShard is the shard whose primary a fault surely takes away for as long as it says, once
// and at a known time. One that gets SIGTERM may hand its role over before.
func downShard(s *Scenario, f Fault) (shard int, ok bool) {
	t, single := f.Target()
	traits := f.Traits()
	known := traits.Away != nil || !traits.Restarts || s.Cluster.Provider == "local"
	if !single || f.Repeat != nil || !known || !traits.Down() || traits.Asked || t.By != ByShard || t.Shard == AnyShard || !t.hitsPrimary() {
		return 0, false
	}
	return t.Shard, true
}

// recovery is how long after its injection a fault is over.
func (f Fault) recovery(s *Scenario) Duration {
	switch t := f.Traits(); {
	case t.Away != nil:
		return f.Holds(f.At, s.Timeline.Length()) + t.Grace
	case t.Restarts:
		return s.Cluster.Local.RestartDelay + t.Grace
	}
	return f.Duration
}

// wrongTimes reports whether the times or the target of fault i had a mistake.
func (d *document) wrongTimes(i int, f Fault) bool {
	path := faultPath(i)
	return d.failed(path+".at", path+".duration", path+"."+f.Kind()+".target", path+".kill.away") || d.inside(path+".repeat", "times", "every", "jitter")
}

// sameShard reports whether the two can hit one shard.
func sameShard(f, g Fault) bool {
	a, _ := f.Target()
	b, _ := g.Target()
	if f.Traits().Wide || g.Traits().Wide {
		return true
	}
	if a.By != ByShard || b.By != ByShard {
		return true
	}
	return a.Shard == b.Shard || a.Shard == AnyShard || b.Shard == AnyShard
}

// gap is the least time from the end of an injection of f or g, which lasts so
// long, to the start of one of the other, given the worst of their jitters. It is
// below zero where they can overlap.
func gap(f, g Fault, lasts, lastsG Duration) Duration {
	least := Duration(math.MaxInt64)
	times, every, jitter := f.injections()
	timesG, everyG, jitterG := g.injections()
	for i := range times {
		start := f.At + Duration(i)*every
		// Only the injections of g next to where both sides count alike can be
		// the closest ones.
		k := 0
		if everyG > 0 {
			k = int((start + (jitter-jitterG+lasts-lastsG)/2 - g.At) / everyG)
		}
		for _, k := range []int{k - 1, k, k + 1} {
			other := g.At + Duration(min(max(k, 0), timesG-1))*everyG
			least = min(least, max(start-other-jitterG-lastsG, other-start-jitter-lasts))
		}
	}
	return least
}
