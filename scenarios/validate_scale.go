package scenarios

import (
	"cmp"
	"fmt"
	"slices"
)

// scales are the faults that change the number of shards, in the order of their times: their
// places in the list of faults.
func (t Timeline) scales() []int {
	var list []int
	for i, f := range t.Faults {
		if f.Scale != nil {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(t.Faults[a].At, t.Faults[b].At) })
	return list
}

// MostShards is the most that the timeline scales the cluster to; 0 if it does not scale it.
func (s *Scenario) MostShards() int {
	most := 0
	for _, i := range s.Timeline.scales() {
		most = max(most, s.Redis.Shards, s.Timeline.Faults[i].Scale.Shards)
	}
	return most
}

// allShards is how many shards the scenario ever has, those that join later included.
func (s *Scenario) allShards() int { return max(s.Redis.Shards, s.MostShards()) }

// validateScales refuses changes of the number of shards that change nothing, or that something
// else in the scenario does not bear.
func (d *document) validateScales(s *Scenario) {
	if len(s.Timeline.scales()) > 0 {
		d.scalesAlone(s)
	}
	shards, by, in := s.Redis.Shards, "redis.shards", ""
	for _, i := range s.Timeline.scales() {
		path := faultPath(i)
		f, at := s.Timeline.Faults[i], path+".scale"
		if in != "" && f.Scale.Shards > shards {
			d.reject(at+".shards", []string{in}, "change the number upwards first", "nodes that have left cannot join again in the same run")
		}
		if f.Scale.Shards < shards {
			in = at + ".shards"
		}
		if f.Repeat != nil {
			d.reject(path+".repeat", []string{at}, "write one fault for each change, such as out to 4 shards and back to 3", "the second injection would find as many shards as it wants")
		}
		if s.Timeline.Upgrade != nil {
			d.reject("timeline.upgrade", []string{at}, "rehearse them in two scenarios", "it replaces the nodes that it finds at its start, and %s adds or removes some", path)
		}
		if script := scripted(s.Workload); f.Scale.Shards > shards && script >= 0 {
			d.reject(at, []string{fmt.Sprintf("workload.mix[%d].script", script)}, "leave EVALSHA out of the mix", "scripts are loaded before the load begins: the new nodes would not have them")
		}
		if !d.failed(at+".shards", "redis.shards") && f.Scale.Shards == shards {
			d.reject(at+".shards", []string{by}, "write another number", "the cluster has %d shards already", shards)
		}
		shards, by = f.Scale.Shards, at+".shards"
	}
}

// scalesAlone refuses what a change of the number of shards does not bear beside it: faults can
// hit nodes that join or leave, and a network's zones are drawn once, from the nodes at the start.
func (d *document) scalesAlone(s *Scenario) {
	scale := faultPath(s.Timeline.scales()[0]) + ".scale"
	for i, f := range s.Timeline.Faults {
		if f.Scale == nil {
			d.reject(faultPath(i), []string{scale}, "rehearse it in a scenario without scale", "no other fault can stand beside scale yet")
		}
	}
	if s.Cluster.Network != nil {
		d.reject("cluster.network", []string{scale}, "leave it out", "nodes that join would have no zone")
	}
}

// scripted is the first entry of the mix with a script; -1 if none has one.
func scripted(w Workload) int {
	return slices.IndexFunc(w.Mix, func(c Command) bool { return c.Script != "" })
}
