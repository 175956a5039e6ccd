package deployer

import (
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// Extend prepares a cluster that was formed for a run that scales it. It has so many shards at
// most, and the nodes of the missing ones are not in it yet. Each shard is a set of slots that
// stays the same: those that it serves when the cluster has most shards. While it has fewer,
// the others serve the slots of the missing ones, each an even part.
func (c *Cluster) Extend(most int, absent ...Node) {
	first := c.Shards
	c.first, c.Shards, c.roster = first, most, &roster{absent: map[string]bool{}}
	c.roster.set(false, names(absent)...)
	c.Nodes = append(c.Nodes, absent...)
	groups := make([]results.Slots, most)
	for i, slots := range evenly(first) {
		kept := slots.Count() * first / most
		groups[i] = slots.Minus(slots.Last(slots.Count() - kept))
		if most == first {
			continue
		}
		for j, part := range slots.Minus(groups[i]).Parts(most - first) {
			groups[first+j] = groups[first+j].Plus(part)
		}
	}
	c.Own(groups)
}

// evenly spreads all slots over so many shards.
func evenly(shards int) []results.Slots {
	return results.SlotsOf(results.SlotRange{Last: Slots - 1}).Parts(shards)
}

// Layout is which slots each of so many shards serves while no others are in the cluster.
func (c *Cluster) Layout(shards int) []results.Slots {
	if shards == c.first {
		return evenly(shards)
	}
	list := make([]results.Slots, shards)
	for i := range list {
		list[i] = c.SlotsOf(i)
	}
	for gone := shards; gone < c.Shards; gone++ {
		for i, part := range c.SlotsOf(gone).Parts(shards) {
			list[i] = list[i].Plus(part)
		}
	}
	return list
}

// Scales reports whether the run can change the number of shards.
func (c *Cluster) Scales() bool { return c.roster != nil }

// Present reports whether a node is in the cluster, whether it answers or not.
func (c *Cluster) Present(node string) bool {
	return c.roster == nil || c.roster.has(node)
}

// PresentNodes are the nodes that are in the cluster now.
func (c *Cluster) PresentNodes() []Node {
	if c.roster == nil {
		return c.Nodes
	}
	var list []Node
	for _, n := range c.Nodes {
		if c.Present(n.Name) {
			list = append(list, n)
		}
	}
	return list
}

// PresentShards is how many shards the cluster has now.
func (c *Cluster) PresentShards() int {
	if c.roster == nil {
		return c.Shards
	}
	shards := 0
	for _, n := range c.PresentNodes() {
		shards = max(shards, n.Shard+1)
	}
	return shards
}

// ServingShard is the shard that has a slot now.
func (c *Cluster) ServingShard(slot int) int {
	if c.roster == nil || c.ShardOf(slot) < c.PresentShards() {
		return c.ShardOf(slot)
	}
	return slices.IndexFunc(c.Layout(c.PresentShards()), func(s results.Slots) bool { return s.Has(slot) })
}

func names(nodes []Node) []string {
	var list []string
	for _, n := range nodes {
		list = append(list, n.Name)
	}
	return list
}
