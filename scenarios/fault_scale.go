package scenarios

import "fmt"

// Scale changes the number of shards while clients use the cluster. Out: new nodes start, join
// and take an even share of the slots. In: the last shards give all slots away, and their
// nodes are forgotten and end.
type Scale struct {
	// The number of shards at the end. Each has redis.replicasPerShard replicas.
	Shards int `yaml:"shards" json:"shards" jsonschema:"required,minimum=3,maximum=100" hint:"minimum=a Redis Cluster needs three primaries, so that two can agree that the third has failed"`
	// migrate: key by key (CLUSTER SETSLOT and MIGRATE). atomic: the slots of each pair of
	// shards in one step, by the server (CLUSTER MIGRATESLOTS, Valkey 9.0 and later). auto:
	// atomic where the server can.
	Method string `yaml:"method" json:"method" jsonschema:"enum=auto,enum=migrate,enum=atomic"`
}

// Name is the field.
func (*Scale) Name() string { return "scale" }

// Words are the number of shards.
func (s *Scale) Words() string {
	text := fmt.Sprintf("the cluster to %d shards", s.Shards)
	if s.Method != "auto" {
		text += " (" + s.Method + ")"
	}
	return text
}

// Aim is all primaries: each gives slots, or takes some.
func (*Scale) Aim() Aim {
	return Aim{Target: Target{Count: Every, Role: Primary, By: ByShard, Shard: AnyShard}}
}

// Traits are those of slots that move, on purpose.
func (*Scale) Traits() Traits { return Traits{Takes: TakesSlots, Deposes: Never, Asked: true} }

func (s *Scale) fill(f *filler, path string) { fillMethod(f, path, &s.Method) }

func (s *Scale) validate(d *document, at ground, path string) {
	if !at.local() && at.provider != Attach {
		d.reject(path, []string{"cluster.provider"}, "write cluster.provider: local", "nodes can be added and removed only on this machine yet: the provider is %s", at.provider)
	}
}
