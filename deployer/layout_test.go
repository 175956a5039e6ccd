package deployer

import (
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// Whatever number of shards a cluster has, all slots are served, by each shard about as many, and
// a shard that is present at both ends keeps what it needs at the other.
func TestLayoutsAreEven(t *testing.T) {
	for _, tc := range []struct{ first, most int }{{3, 4}, {4, 4}, {3, 7}, {5, 6}, {3, 20}} {
		c := &Cluster{Shards: tc.first}
		c.Extend(tc.most)
		for shards := 3; shards <= tc.most; shards++ {
			var all results.Slots
			sum := 0
			for shard, slots := range c.Layout(shards) {
				all, sum = all.Plus(slots), sum+slots.Count()
				if even := Slots / shards; slots.Count() < even*9/10 || slots.Count() > even*11/10+2 {
					t.Errorf("from %d to %d: shard %d of %d has %d slots", tc.first, tc.most, shard, shards, slots.Count())
				}
				if own := c.SlotsOf(shard); slots.And(own).Count() != own.Count() && shards != tc.first {
					t.Errorf("from %d to %d: shard %d of %d lacks slots of its own", tc.first, tc.most, shard, shards)
				}
			}
			if all.Count() != Slots || sum != Slots {
				t.Errorf("from %d to %d: %d shards have %d slots, %d in sum", tc.first, tc.most, shards, all.Count(), sum)
			}
		}
	}
}

// Before and after a change each slot is of a shard that the cluster has.
func TestASlotIsOfAPresentShard(t *testing.T) {
	c := &Cluster{Shards: 3}
	for i := range 3 {
		c.Nodes = append(c.Nodes, Node{Name: string(rune('a' + i)), Shard: i})
	}
	c.Extend(4, Node{Name: "d", Shard: 3})
	if n := len(c.PresentNodes()); n != 3 || c.PresentShards() != 3 || c.Present("d") {
		t.Fatalf("%d nodes in %d shards", n, c.PresentShards())
	}
	before, changing := 0, c.Changing(4)
	for slot := range Slots {
		if c.ShardOf(slot) == 3 {
			before++
		}
		if shard := c.ServingShard(slot); !evenly(3)[shard].Has(slot) {
			t.Fatalf("slot %d is of shard %d", slot, shard)
		}
	}
	if before < 4090 || before > 4100 || len(changing) != 1 || changing[0].Name != "d" {
		t.Errorf("shard 3 is to have %d slots, with %v", before, changing)
	}
	c.roster.set(true, names(changing)...)
	for slot := range Slots {
		if c.ServingShard(slot) != c.ShardOf(slot) {
			t.Fatalf("slot %d is of shard %d, not of %d", slot, c.ServingShard(slot), c.ShardOf(slot))
		}
	}
}
