package scenarios

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
