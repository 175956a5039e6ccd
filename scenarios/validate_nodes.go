package scenarios

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
)

// validateOwn wants nodes that are the same at each start, with one value of a directive.
func (d *document) validateOwn(s *Scenario) {
	if s.attached() && len(s.Redis.Nodes) > 0 {
		d.reject("redis.nodes", []string{"cluster.provider"}, "leave it out", "slotstorm does not configure nodes that it did not deploy")
	}
	if d.failed("redis.nodes", "redis.shards", "redis.replicasPerShard") {
		return
	}
	first := map[int]map[string]int{}
	for i, c := range s.Redis.Nodes {
		at, t := nodePath(i), c.Node
		if d.failed(at + ".node") {
			continue
		}
		switch {
		case t.Count == Minority || t.Count == Majority || t.By != ByShard && t.By != ByNode,
			t.Count == One && t.By == ByShard && (t.Shard == AnyShard || t.Role == Replica && s.Redis.ReplicasPerShard > 1):
			d.reject(at+".node", nil, "name the nodes: node-4, primary of shard 0, replicas of shard 0, shard 1 or all replicas", "%s does not say which node has this configuration from its start on", t)
			continue
		case t.By == ByNode && numberOf(t.Node) >= s.Redis.nodes():
			d.reject(at+".node", nil, "the nodes at the start are node-0 to node-"+strconv.Itoa(s.Redis.nodes()-1), "there is no %s at the start", t.Node)
		case t.By == ByShard && t.Shard >= s.Redis.Shards:
			d.reject(at+".node", nil, "the shards at the start are 0 to "+strconv.Itoa(s.Redis.Shards-1), "there is no shard %d at the start", t.Shard)
		default:
			d.validateTarget(s, t, at+".node", "name")
		}
		d.validateOnce(s, i, first)
	}
}

// validateOnce refuses two values of one directive for one node. first is where each node's
// directives were stated first.
func (d *document) validateOnce(s *Scenario, i int, first map[int]map[string]int) {
	c := s.Redis.Nodes[i]
	for n := range s.Redis.nodes() {
		if !c.has(n, s.Redis.Shards) {
			continue
		}
		if first[n] == nil {
			first[n] = map[string]int{}
		}
		for _, name := range slices.Sorted(maps.Keys(c.Config)) {
			present := cmp.Or(aliases[name], name)
			if other, stated := first[n][present]; !stated {
				first[n][present] = i
			} else if other != i {
				d.rejectKey(join(join(nodePath(i), "config"), name), "state it once for each node", "node-%d has %s from %s already", n, present, nodePath(other))
			}
		}
	}
}
