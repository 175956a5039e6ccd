package scenarios

import (
	"maps"
	"strconv"
	"time"
)

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

// NodeTimeout is cluster-node-timeout: the one in the scenario, or Redis' own
// default of 15 s. Of nodes with different ones it is the longest.
func (r Redis) NodeTimeout() time.Duration {
	var longest time.Duration
	for n := range max(1, r.nodes()) {
		own := 15 * time.Second
		if ms, err := strconv.Atoi(r.ConfigOf(n)["cluster-node-timeout"]); err == nil {
			own = time.Duration(ms) * time.Millisecond
		}
		longest = max(longest, own)
	}
	return longest
}
