package facts

import (
	"cmp"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// proof is a write of a shard that a node took.
type proof struct {
	sighting
	shard int
}

// proofEvery thins the ledger: one write of each node and shard in this time is proof
// enough.
const proofEvery = results.Duration(100e6)

// readProofs are the writes that show who served a shard, in order: the first ones after
// an outage, by the probes, and those of the ledger.
func readProofs(b *results.Bundle) []proof {
	var list []proof
	for _, o := range b.Run.ProbeOutages {
		if o.Node != "" && !o.Open {
			list = append(list, proof{sighting{o.To, o.Uncertainty, "probe", o.Node}, o.Shard})
		}
	}
	type place struct {
		node  string
		shard int
	}
	last := map[place]results.Duration{}
	for _, w := range b.Writes {
		if !slices.ContainsFunc(b.Run.Nodes, func(n results.Node) bool { return n.Name == w.Node }) {
			continue // an address that no node is known to have had
		}
		at := place{w.Node, w.Shard}
		if before, ok := last[at]; results.Outcome(w.Outcome) != results.OK || ok && w.Done >= before && w.Done < before+proofEvery {
			continue
		}
		last[at] = w.Done
		list = append(list, proof{sighting{w.Done, w.Done - w.Sent, "ledger", w.Node}, w.Shard})
	}
	slices.SortStableFunc(list, func(x, y proof) int { return cmp.Compare(x.at, y.at) })
	return list
}
