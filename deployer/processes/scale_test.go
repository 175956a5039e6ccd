package processes

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// A cluster goes from three shards to four and back, and its keys go with their slots. Nodes that
// left do not come back, and no event takes their end for that of a node of the cluster.
func TestAClusterIsScaledOutAndIn(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	dir := t.TempDir()
	logs := filepath.Join(dir, "nodes")
	if err := os.Mkdir(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	seen := &events{}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	d, err := Deploy(ctx, Options{
		Redis: scenarios.Redis{Shards: 3, ReplicasPerShard: 1, Binary: "redis-server"}, MostShards: 4, RestartDelay: time.Millisecond,
		Volumes: filepath.Join(dir, "volumes"), Logs: logs, Clock: results.Clock{Start: time.Now()}, Emit: seen.add,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Remove(false); err != nil {
			t.Error(err)
		}
	})
	const key = "hia" // of the last slot, 16383
	set(ctx, t, d, d.Nodes[2], key)
	for _, shards := range []int{4, 3, 4} {
		scaleTo(ctx, t, d, shards)
	}
	owner := d.Nodes[6] // the new primary has the last slots of each shard
	cl := d.Client(owner, time.Second)
	defer cl.Close()
	if got, err := cl.Get(ctx, key).Result(); err != nil || got != "v" {
		t.Errorf("%s is %q (%v)", key, got, err)
	}
	if !seen.has(results.EventNodeLeft, owner.Name) || seen.has(results.EventNodeExit, owner.Name) {
		t.Error("its end is no end of a node that left")
	}
}

func set(ctx context.Context, t *testing.T, d *Deployment, n deployer.Node, key string) {
	t.Helper()
	cl := d.Client(n, time.Second)
	defer cl.Close()
	if err := cl.Set(ctx, key, "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
}

// scaleTo changes the number of shards, and waits until the cluster is whole.
func scaleTo(ctx context.Context, t *testing.T, d *Deployment, shards int) {
	t.Helper()
	moves, err := d.Plan(d.Roles(ctx), shards)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range moves {
		m.Moved = func(results.Slots, int, time.Duration) {}
	}
	s := &deployer.Scale{Cluster: d.Cluster, Place: d, To: shards, Moves: moves, Joined: func() {}}
	if err := errors.Join(s.Run(ctx, context.Background()), d.AwaitWhole(ctx)); err != nil {
		t.Fatal(err)
	}
	if got := d.PresentShards(); got != shards || len(d.PresentNodes()) != 2*shards {
		t.Errorf("%d shards, want %d", got, shards)
	}
	for _, n := range d.Nodes[2*shards:] {
		p, err := d.Process(n.Name)
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-p.Done():
		default:
			t.Errorf("%s still runs", n.Name)
		}
	}
}
