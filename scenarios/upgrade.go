package scenarios

// Upgrade replaces the Redis of every node by another version, one node at a time,
// under the load. Each node keeps its volume, and the next node follows when the
// cluster is whole again. A node that does not come back with the new version gets
// its old one back, and the upgrade ends there.
type Upgrade struct {
	// The time from the start of the timeline.
	At Duration `yaml:"at" json:"at" jsonschema:"required,minimum=0s"`
	// The Redis to upgrade to.
	To Release `yaml:"to" json:"to" jsonschema:"required"`
	// replicas-first: all replicas, then the primaries; this has the longest time
	// with two versions and the fewest hand-overs at once. shard-by-shard: the
	// replicas of a shard, then its primary.
	Order string `yaml:"order" json:"order" jsonschema:"enum=replicas-first,enum=shard-by-shard"`
	// Moves the role of a primary to a replica by CLUSTER FAILOVER before the primary
	// is replaced. Otherwise the shard waits for the restart, or for a failover.
	Handover bool `yaml:"handover" json:"handover"`
	// The time between two nodes.
	Pause Duration `yaml:"pause" json:"pause" jsonschema:"minimum=0s,maximum=1h"`
	// The longest time for one node, until the cluster is whole again.
	StepLimit Duration `yaml:"stepLimit" json:"stepLimit" jsonschema:"minimum=1s,maximum=1h"`
	// Returns to redis.binary, or redis.image, afterwards.
	Rollback *Rollback `yaml:"rollback,omitempty" json:"rollback,omitempty"`
}

// Release is a version of Redis: a program for the local provider, an image for Kubernetes.
type Release struct {
	// The redis-server of the local provider: a name on PATH, or a path.
	Binary string `yaml:"binary,omitempty" json:"binary,omitempty" jsonschema:"minLength=1"`
	// The container image on Kubernetes. The local provider ignores it.
	Image string `yaml:"image,omitempty" json:"image,omitempty" jsonschema:"minLength=1"`
}

// Rollback is the way back from an upgrade.
type Rollback struct {
	// The time from the start of the timeline, later than that of the upgrade. If the
	// upgrade takes longer, the rollback follows at once.
	At Duration `yaml:"at" json:"at" jsonschema:"required,minimum=0s"`
	// volumes: node by node, on the data that the new version left; an older Redis
	// might not be able to read it. backup: all nodes at once, on the data saved just
	// before the upgrade; every write since is lost.
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
	fill(f, path+"pause", &u.Pause, seconds(1), "the effect of each node is seen in seconds of its own")
	fill(f, path+"stepLimit", &u.StepLimit, seconds(60), "a start, and a synchronisation of a small volume")
	if u.Rollback != nil {
		fill(f, path+"rollback.from", &u.Rollback.From, FromVolumes, "the usual first attempt")
	}
}
