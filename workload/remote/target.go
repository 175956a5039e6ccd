package remote

import (
	"context"
	"fmt"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// targetOf puts a target into a form that travels. The generator finds its own
// way to the servers; what they require of a connection goes with the target.
func targetOf(t servers.Target) target {
	out := target{Addrs: t.Addrs, Shards: t.Shards, Cluster: t.Cluster, Security: t.Dialer.Security()}
	for slot := range resp.Slots {
		shard := t.ShardOf(slot)
		if n := len(out.Slots); n > 0 && out.Slots[n-1].Shard == shard {
			out.Slots[n-1].Last = slot
			continue
		}
		out.Slots = append(out.Slots, slots{First: slot, Last: slot, Shard: shard})
	}
	return out
}

// target is the way back. ctx bounds the lookups of names.
func (t target) target(ctx context.Context) (servers.Target, error) {
	shardOf := make([]int, resp.Slots)
	for _, r := range t.Slots {
		if r.First < 0 || r.Last >= resp.Slots || r.Shard < 0 || r.Shard >= len(t.Shards) {
			return servers.Target{}, fmt.Errorf("slots %d-%d of shard %d are none of this cluster", r.First, r.Last, r.Shard)
		}
		for slot := r.First; slot <= r.Last; slot++ {
			shardOf[slot] = r.Shard
		}
	}
	n := newNames()
	n.learn(ctx, t)
	dialer, err := dial.New(t.Security)
	if err != nil {
		return servers.Target{}, fmt.Errorf("reading the plan: %w", err)
	}
	return servers.Target{
		Addrs: t.Addrs, Shards: t.Shards, Cluster: t.Cluster,
		ShardOf: func(slot int) int { return shardOf[slot] },
		Dialer:  dialer.Resolving(n.resolve),
	}, nil
}
