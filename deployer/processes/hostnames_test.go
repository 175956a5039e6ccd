package processes

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Nodes that announce host names are listed by these, redirect to these, and are reached by them.
func TestNodesAnnounceHostNames(t *testing.T) {
	t.Parallel()
	d, _, err := deploy(t, scenarios.Redis{Shards: 3, ReplicasPerShard: 1, Config: map[string]string{"cluster-preferred-endpoint-type": "hostname"}}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	seen := map[string]bool{}
	for _, n := range d.Nodes {
		cl := d.Client(n, time.Second)
		defer cl.Close()
		shards, err := cl.ClusterShards(ctx).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range shards {
			for _, at := range r.Nodes {
				addr := fmt.Sprintf("%s:%d", at.Endpoint, at.Port)
				name, ok := d.Announced(addr)
				if !ok || !strings.Contains(addr, ".slotstorm.internal:") {
					t.Errorf("%s lists %s", n.Name, addr)
					continue
				}
				seen[name] = true
				there := n
				there.Addr = addr
				by := d.Client(there, time.Second)
				defer by.Close()
				if id, err := by.ClusterMyID(ctx).Result(); err != nil || id != at.ID {
					t.Errorf("%s is %s, not %s: %v", addr, id, at.ID, err)
				}
			}
		}
		if err := cl.Get(ctx, "foo").Err(); n.Shard != d.ShardOf(12182) && (err == nil || !strings.Contains(err.Error(), " node-2.slotstorm.internal:")) {
			t.Errorf("%s answers %v", n.Name, err)
		}
	}
	// 7.0 lists a replica only after some seconds.
	if !seen["node-0"] || !seen["node-1"] || !seen["node-2"] {
		t.Errorf("only %v are listed", seen)
	}
	if _, ok := d.Announced("node-9.slotstorm.internal:6379"); ok {
		t.Error("a node that does not exist has a name")
	}
}
