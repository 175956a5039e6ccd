package scenarios

// Upgrade replaces every node's Redis by another one, a node at a time, under
// the load. Each node keeps its volume; the next one follows when the cluster is
// whole again. If a node does not come back as the new Redis it gets its old one
// back, and the upgrade ends there.
type Upgrade struct {
	// At is the offset from the timeline's start.
	At Duration `yaml:"at" json:"at" jsonschema:"required,minimum=0s"`
	// To is the Redis to upgrade to.
	To Release `yaml:"to" json:"to" jsonschema:"required"`
	// Order is "replicas-first" (all replicas, then the primaries: the longest
	// time with two versions, the fewest hand-overs at once) or "shard-by-shard"
	// (each shard's replicas, then its primary).
	Order string `yaml:"order" json:"order" jsonschema:"enum=replicas-first,enum=shard-by-shard"`
	// Handover moves a primary's role to a replica by CLUSTER FAILOVER before
	// the primary is replaced. Without it the shard waits for the restart, or
	// for a failover.
	Handover bool `yaml:"handover" json:"handover"`
	// Pause is the time between two nodes.
	Pause Duration `yaml:"pause" json:"pause" jsonschema:"minimum=0s,maximum=1h"`
	// StepLimit is how long one node may take until the cluster is whole again.
	StepLimit Duration `yaml:"stepLimit" json:"stepLimit" jsonschema:"minimum=1s,maximum=1h"`
	// Rollback returns to redis.binary, or redis.image, afterwards.
	Rollback *Rollback `yaml:"rollback,omitempty" json:"rollback,omitempty"`
}

// Release names a Redis, for each kind of place.
type Release struct {
	// Binary is the redis-server on the local provider: a name on PATH or a path.
	Binary string `yaml:"binary,omitempty" json:"binary,omitempty" jsonschema:"minLength=1"`
	// Image is the container image on Kubernetes providers; local ignores it.
	Image string `yaml:"image,omitempty" json:"image,omitempty" jsonschema:"minLength=1"`
}

// Rollback is the way back from an upgrade.
type Rollback struct {
	// At is the offset from the timeline's start; later than the upgrade's. If
	// the upgrade takes longer, the rollback follows it at once.
	At Duration `yaml:"at" json:"at" jsonschema:"required,minimum=0s"`
	// From is "volumes" (node by node, on the data that the new Redis left: an
	// older Redis may not be able to read it) or "backup" (all nodes at once, on
	// what was saved just before the upgrade: every write since is lost).
	From string `yaml:"from" json:"from" jsonschema:"enum=volumes,enum=backup"`
}

// The values of Upgrade.Order and of Rollback.From.
const (
	ReplicasFirst = "replicas-first"
	ShardByShard  = "shard-by-shard"
	FromVolumes   = "volumes"
	FromBackup    = "backup"
)

func (f *filler) upgrade(u *Upgrade) {
	if u == nil {
		return
	}
	const path = "timeline.upgrade."
	fill(f, path+"order", &u.Order, ReplicasFirst, "a primary always has a replica of the new version to hand over to")
	fill(f, path+"handover", &u.Handover, true, "a planned hand-over takes milliseconds, a failover seconds")
	fill(f, path+"pause", &u.Pause, seconds(1), "each node's effect stands in seconds of its own")
	fill(f, path+"stepLimit", &u.StepLimit, seconds(60), "a start, and a synchronisation of a small volume")
	if u.Rollback != nil {
		fill(f, path+"rollback.from", &u.Rollback.From, FromVolumes, "what people try first")
	}
}
