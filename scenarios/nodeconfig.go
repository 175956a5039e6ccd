package scenarios

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
)

// NodeConfig states directives of some nodes.
type NodeConfig struct {
	// The nodes, by name or by their roles at the start: node-4, primary of shard 0,
	// replicas of shard 1, shard 1, all replicas. They keep the directives whatever their
	// roles become.
	Node Target `yaml:"node" json:"node" jsonschema:"required"`
	// Directives of redis.conf. They replace those of redis.config.
	Config map[string]string `yaml:"config" json:"config" jsonschema:"required"`
}

// has reports whether the directives are those of node-N at the start of a cluster of so
// many shards: the first node of each shard, then the second of each, and so on.
func (c NodeConfig) has(n, shards int) bool {
	t := c.Node
	switch {
	case t.By == ByNode:
		return numberOf(t.Node) == n
	case t.Role == Primary && n >= shards, t.Role == Replica && n < shards:
		return false
	}
	return t.Shard == AnyShard || t.Shard == n%shards
}

// OwnConfig are the directives that node-N has instead of those of all nodes; nil for none. A
// node that the run adds later has none.
func (r Redis) OwnConfig(n int) map[string]string {
	var own map[string]string
	for _, c := range r.Nodes {
		if n >= r.nodes() || !c.has(n, r.Shards) {
			continue
		}
		if own == nil {
			own = map[string]string{}
		}
		maps.Copy(own, c.Config)
	}
	return own
}

// ConfigOf are all directives of node-N.
func (r Redis) ConfigOf(n int) map[string]string {
	own := r.OwnConfig(n)
	if own == nil {
		return r.Config
	}
	config := map[string]string{}
	maps.Copy(config, r.Config)
	maps.Copy(config, own)
	return config
}

// some reports whether a node states a directive in a way.
func (r Redis) some(name string, way func(value string, stated bool) bool) bool {
	for n := range r.nodes() {
		if value, stated := r.ConfigOf(n)[name]; way(value, stated) {
			return true
		}
	}
	return false
}

// nodes is how many the cluster has at the start.
func (r Redis) nodes() int { return r.Shards * (1 + r.ReplicasPerShard) }

// configuration is directives, with their place.
type configuration struct {
	at     string
	values map[string]string
	// own is true of those of single nodes.
	own bool
}

// configurations are all that a scenario states.
func (r *Redis) configurations() []configuration {
	list := []configuration{{at: "redis.config", values: r.Config}}
	for i, c := range r.Nodes {
		list = append(list, configuration{join(nodePath(i), "config"), c.Config, true})
	}
	return list
}

func nodePath(i int) string { return "redis.nodes[" + strconv.Itoa(i) + "]" }

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
