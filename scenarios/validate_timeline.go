package scenarios

import (
	"fmt"
	"math"
	"strings"
)

func (d *document) validateTimeline(s *Scenario) {
	d.validatePhases(s.Timeline)
	names := map[string]int{}
	for i, f := range s.Timeline.Faults {
		path := faultPath(i)
		if first, ok := names[f.Name]; ok {
			d.reject(path+".name", nil, "", "%q is the name of %s too", f.Name, faultPath(first))
		} else {
			names[f.Name] = i
		}
		d.validateAction(s, f, path)
		d.validateTimes(s.Timeline, f, path)
	}
	d.validateSpacing(s)
}

// phaseFields are the paths of one field of every phase.
func phaseFields(t Timeline, name string) []string {
	paths := []string{"timeline.phases"}
	for i := range t.Phases {
		paths = append(paths, fmt.Sprintf("timeline.phases[%d].%s", i, name))
	}
	return paths
}

func faultPath(i int) string { return fmt.Sprintf("timeline.faults[%d]", i) }

const maxTimeline = 24 * 60 * 60

func (d *document) validatePhases(t Timeline) {
	names := map[string]int{}
	for i, p := range t.Phases {
		path := fmt.Sprintf("timeline.phases[%d].name", i)
		if first, ok := names[p.Name]; ok {
			d.reject(path, nil, "", "%q is the name of timeline.phases[%d] too", p.Name, first)
		} else {
			names[p.Name] = i
		}
	}
	if t.Length() > seconds(maxTimeline) {
		d.reject("timeline.phases", phaseFields(t, "duration"), "", "the phases last %s together, above 24h", t.Length())
	}
}

// actions are the fields of a Fault of which exactly one is set.
var actions = []string{"kill"}

// countActions gives what is wrong with a fault that states these actions.
func countActions(stated []string) (message, hint string) {
	switch len(stated) {
	case 0:
		return "does nothing", "add what it does: " + either(actions)
	case 1:
		return "", ""
	}
	return "does more than one thing: " + strings.Join(stated, ", "), "make them faults of their own"
}

func (d *document) validateAction(s *Scenario, f Fault, path string) {
	var stated []string
	for _, a := range actions {
		if at := join(path, a); d.values[at] != nil || d.bad[at] {
			stated = append(stated, a)
		}
	}
	if message, hint := countActions(stated); message != "" {
		d.reject(path, nil, hint, "%s", message)
	}
	if f.Kill == nil {
		return
	}
	target, at := f.Kill.Target, path+".kill.target"
	if target.Role == Replica && s.Redis.ReplicasPerShard == 0 {
		d.reject(at, []string{"redis.replicasPerShard"}, "set redis.replicasPerShard, or kill a primary", "there are no replicas: redis.replicasPerShard is 0")
	}
	if target.Shard >= s.Redis.Shards {
		d.reject(at, []string{"redis.shards"}, fmt.Sprintf("the shards are 0 to %d", s.Redis.Shards-1), "there is no shard %d", target.Shard)
	}
}

// injections are the starts of f: number, distance and jitter.
func (f Fault) injections() (times int, every, jitter Duration) {
	if f.Repeat == nil {
		return 1, 0, 0
	}
	return f.Repeat.Times, f.Repeat.Every, f.Repeat.Jitter
}

// validateTimes wants every injection to start within the timeline.
func (d *document) validateTimes(t Timeline, f Fault, path string) {
	end := t.Length()
	times, every, jitter := f.injections()
	if jitter >= every && f.Repeat != nil {
		d.reject(path+".repeat.jitter", []string{path + ".repeat.every"}, "keep jitter below every, so that the injections stay in order",
			"%s is not below every, %s", jitter, every)
		return
	}
	last := f.At + Duration(times-1)*every + jitter
	by := append(phaseFields(t, "duration"), path+".at", path+".repeat")
	switch {
	case d.inside(path+".repeat", "times", "every", "jitter"):
	case f.At >= end:
		d.reject(path+".at", by, "make a phase longer, or inject earlier", "%s is not before the end of the timeline, %s", f.At, end)
	case last >= end:
		d.reject(path+".repeat", by, "make a phase longer, or repeat less often",
			"injection %d can start at %s, not before the end of the timeline, %s", times, last, end)
	}
}

// inside tells whether one of the fields of the mapping at path had a mistake.
func (d *document) inside(path string, names ...string) bool {
	for _, n := range names {
		if d.failed(join(path, n)) {
			return true
		}
	}
	return false
}

// validateSpacing wants two kills that can hit one shard to be so far apart
// that each is a rehearsal of its own: the killed node is back, and the voters
// are ready to vote for a replica of the same primary again, which they refuse
// within 2 × cluster-node-timeout (clusterSendFailoverAuthIfNeeded in Redis'
// cluster.c). One error for each pair of faults.
func (d *document) validateSpacing(s *Scenario) {
	by := []string{"cluster.local.restartDelay", "redis.config"}
	if d.failed(append(by, "redis.config.cluster-node-timeout")...) {
		return
	}
	timeout := Duration(s.Redis.NodeTimeout())
	need := s.Cluster.Local.RestartDelay + 2*timeout
	hint := fmt.Sprintf("kills of one shard need %s between them: restartDelay (%s) until the node is back, and 2 × cluster-node-timeout (%s), within which voters refuse a second vote for the same primary",
		need, s.Cluster.Local.RestartDelay, 2*timeout)

	faults := s.Timeline.Faults
	for i, f := range faults {
		if f.Kill == nil || d.wrongTimes(i) {
			continue
		}
		if times, every, jitter := f.injections(); times > 1 && every-jitter < need {
			d.reject(faultPath(i)+".repeat.every", nil, hint, "two injections can be only %s apart", every-jitter)
		}
		for j, g := range faults[:i] {
			if g.Kill == nil || d.wrongTimes(j) || !sameShard(f.Kill.Target, g.Kill.Target) {
				continue
			}
			if gap := gap(f, g); gap < need {
				d.reject(faultPath(i)+".at", nil, hint, "the kill overlaps with %s (%s): the two can be only %s apart, at the same shard",
					faultPath(j), g.Name, max(gap, 0))
				break
			}
		}
	}
}

// wrongTimes tells whether the times or the target of fault i had a mistake.
func (d *document) wrongTimes(i int) bool {
	path := faultPath(i)
	return d.failed(path+".at", path+".kill.target") || d.inside(path+".repeat", "times", "every", "jitter")
}

// sameShard tells whether the two can hit one shard.
func sameShard(a, b Target) bool {
	return a.Shard == b.Shard || a.Shard == AnyShard || b.Shard == AnyShard
}

// gap is the least time between an injection of f and one of g, given the
// worst of their jitters. It is below zero where they can change order.
func gap(f, g Fault) Duration {
	least := Duration(math.MaxInt64)
	times, every, jitter := f.injections()
	timesG, everyG, jitterG := g.injections()
	for i := range times {
		start := f.At + Duration(i)*every
		// Only the injections of g next to where both jitters count alike can be
		// the closest ones.
		k := 0
		if everyG > 0 {
			k = int((start + (jitter-jitterG)/2 - g.At) / everyG)
		}
		for _, k := range []int{k - 1, k, k + 1} {
			other := g.At + Duration(min(max(k, 0), timesG-1))*everyG
			least = min(least, max(start-other-jitterG, other-start-jitter))
		}
	}
	return least
}
