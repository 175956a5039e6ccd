package processes

import (
	"context"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// A node with directives of its own starts with them, and the others with those of all.
func TestANodeHasDirectivesOfItsOwn(t *testing.T) {
	t.Parallel()
	d, _, err := deploy(t, scenarios.Redis{
		Shards: 3, ReplicasPerShard: 1, Config: map[string]string{"repl-backlog-size": "16mb"},
		Nodes: []scenarios.NodeConfig{{Node: scenarios.Target{Role: scenarios.Replica, Count: scenarios.Every, Shard: 1}, Config: map[string]string{"repl-backlog-size": "1mb", "replica-priority": "0"}}},
	}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, n := range d.Nodes {
		backlog, priority := "16777216", "100"
		if n.Name == "node-4" {
			backlog, priority = "1048576", "0"
		}
		cl := d.Client(n, time.Second)
		defer cl.Close()
		for name, want := range map[string]string{"repl-backlog-size": backlog, "replica-priority": priority} {
			if got, err := cl.ConfigGet(ctx, name).Result(); err != nil || got[name] != want {
				t.Errorf("%s has %s %q, not %q: %v", n.Name, name, got[name], want, err)
			}
		}
	}
}
