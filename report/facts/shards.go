package facts

import "github.com/slotstorm/slotstorm/results"

// places are the shards of a run as sets of slots, and where its nodes were deployed.
type places struct {
	shards []results.Shard
	slots  map[int]results.Slots
	nodes  map[string]int
}

func newPlaces(r *results.Run) places {
	p := places{shards: r.Shards, slots: map[int]results.Slots{}, nodes: map[string]int{}}
	for _, n := range r.Nodes {
		p.nodes[n.Name] = n.Shard
	}
	for _, s := range r.Shards {
		// Slots that cannot be read are none: who serves them is not known then.
		p.slots[s.Index], _ = results.ParseSlots(s.Slots)
	}
	return p
}

// slotsOf are the slots of a shard; none if they are not known.
func (p places) slotsOf(shard int) results.Slots { return p.slots[shard] }

// firstOf are the slots that the nodes of a shard served at the start.
func (p places) firstOf(s results.Shard) results.Slots {
	if s.First != nil {
		return *s.First
	}
	return p.slotsOf(s.Index)
}

// shardWith is the shard that most of the slots belong to; -1 if they belong to none.
func (p places) shardWith(slots results.Slots) int {
	shard, most := -1, 0
	for _, s := range p.shards {
		if n := slots.And(p.slots[s.Index]).Count(); n > most {
			shard, most = s.Index, n
		}
	}
	return shard
}

// deployed is the shard that a node was deployed into, or -1.
func (p places) deployed(node string) int {
	if shard, ok := p.nodes[node]; ok {
		return shard
	}
	return -1
}
