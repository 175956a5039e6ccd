package client

import (
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// topology is the cluster as the library knows it, read along from the replies that it
// gets itself.
type topology struct {
	places atomic.Pointer[map[string]place]
	// bare is true while a range has no replica.
	bare atomic.Bool
}

// place is a node's part in the cluster. Slot is one that its shard serves.
type place struct {
	slot    int
	replica bool
	known   bool
}

// learn takes over a reply to CLUSTER SLOTS: in each range the primary comes first.
func (t *topology) learn(ranges []redis.ClusterSlot) {
	places, bare := map[string]place{}, false
	for _, r := range ranges {
		bare = bare || len(r.Nodes) < 2
		for i, n := range r.Nodes {
			places[n.Addr] = place{slot: r.Start, replica: i > 0, known: true}
		}
	}
	t.bare.Store(bare)
	t.places.Store(&places)
}

// replicated reports whether every range has a replica, and all together so many.
func (t *topology) replicated(copies int) bool {
	places := t.places.Load()
	if places == nil || t.bare.Load() {
		return false
	}
	for _, p := range *places {
		if p.replica {
			copies--
		}
	}
	return copies <= 0
}

// of is the place of a node, by the address that it has for the library or by the one
// that it announces.
func (t *topology) of(o *redis.Options) place {
	places := t.places.Load()
	if places == nil {
		return place{}
	}
	if p, ok := (*places)[o.NodeAddress]; ok {
		return p
	}
	return (*places)[o.Addr]
}
