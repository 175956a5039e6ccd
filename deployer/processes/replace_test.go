package processes

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/scripttest"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// other is the same redis-server under another path: as good as another version
// for everything but the data's format.
func other(t *testing.T) scenarios.Release {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "redis-server")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	return scenarios.Release{Binary: link}
}

// broken is a redis-server that ends with a warning.
func broken(t *testing.T) scenarios.Release {
	t.Helper()
	path := filepath.Join(t.TempDir(), "redis-server")
	scripttest.Write(t, path, "echo '1:M 02 Jan 2026 15:04:05.000 # Cannot read this volume'\nexit 1")
	return scenarios.Release{Binary: path}
}

var pair = scenarios.Redis{Shards: 3, ReplicasPerShard: 1, Config: map[string]string{"cluster-node-timeout": "2000", "save": "", "repl-diskless-sync-delay": "0"}}

func roll(t *testing.T, d *Deployment, seen *events, plan scenarios.Upgrade) results.Upgrade {
	t.Helper()
	if plan.StepLimit == 0 {
		plan.StepLimit = scenarios.Duration(30 * time.Second)
	}
	u := &deployer.Upgrade{
		Cluster: d.Cluster, Place: d, Plan: plan, From: scenarios.Release{Binary: "redis-server"},
		Clock: results.Clock{Start: time.Now()}, Emit: seen.add,
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	result, surfaces := u.Run(ctx, ctx, time.Now())
	if result.Forward.Status == results.RollDone && (surfaces.Before == nil || surfaces.After == nil || len(surfaces.After.Commands) < 100) {
		t.Errorf("the versions were not surveyed: %+v", surfaces)
	}
	return result
}

// acts lists a roll's steps: "replace node-3".
func acts(r *results.Roll) []string {
	var list []string
	for _, s := range r.Steps {
		list = append(list, strings.TrimSpace(s.Kind+" "+s.Node))
	}
	return list
}

func TestAnUpgradeTakesReplicasFirstAndHandsOver(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	d, seen, err := deploy(t, pair, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	node := d.Nodes[d.ShardOf(12182)] // the slot of "foo"
	cl := d.Client(node, time.Second)
	if err := cl.Set(ctx, "foo", "bar", 0).Err(); err != nil {
		t.Fatal(err)
	}
	cl.Close()
	to := other(t)
	result := roll(t, d, seen, scenarios.Upgrade{
		To: to, Order: scenarios.ReplicasFirst, Handover: true,
		Rollback: &scenarios.Rollback{At: scenarios.Duration(time.Millisecond), From: scenarios.FromVolumes},
	})
	want := []string{
		"replace node-3", "replace node-4", "replace node-5",
		"hand-over node-0", "replace node-0", "hand-over node-1", "replace node-1", "hand-over node-2", "replace node-2",
	}
	if got := acts(&result.Forward); result.Forward.Status != results.RollDone || !slices.Equal(got, want) {
		t.Fatalf("%s %s: %v", result.Forward.Status, result.Forward.Reason, got)
	}
	for _, s := range result.Forward.Steps {
		if s.Whole < s.Answered || s.Answered <= s.Began || s.Kind == results.StepReplace && (s.Server.Version == "" || s.Role != "replica") {
			t.Errorf("%+v", s)
		}
	}
	for _, n := range d.Nodes {
		if !seen.says(results.EventNodeStart, n.Name, to.Binary) {
			t.Errorf("%s never ran %s", n.Name, to.Binary)
		}
	}
	// And back: the roles are the other way round now.
	if got := acts(result.Back); result.Back.Status != results.RollDone || len(got) != 9 || got[0] != "replace node-0" || got[3] != "hand-over node-3" {
		t.Fatalf("%s %s: %v", result.Back.Status, result.Back.Reason, got)
	}
	for _, role := range d.Roles(ctx) {
		cl := d.Client(role.Node, time.Second)
		value, _ := cl.Get(ctx, "foo").Result() // other shards answer MOVED
		cl.Close()
		if role.Primary && role.Node.Shard == node.Shard && value != "bar" {
			t.Errorf("foo is %q on %s", value, role.Node.Name)
		}
	}
}

func TestANodeThatFailsGetsItsOldVersionBack(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	d, seen, err := deploy(t, pair, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	result := roll(t, d, seen, scenarios.Upgrade{To: broken(t), Order: scenarios.ReplicasFirst, Handover: true})
	f := result.Forward
	if f.Status != results.RollFailed || len(f.Steps) != 1 || !strings.Contains(f.Steps[0].Failed, "Cannot read this volume") || f.Steps[0].Undone == 0 {
		t.Fatalf("%+v", f)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := d.AwaitWhole(ctx); err != nil {
		t.Error(err)
	}
}

func TestARollbackFromTheBackupLosesWhatCameAfter(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	d, seen, err := deploy(t, pair, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	node := d.Nodes[d.ShardOf(12182)] // the slot of "foo"; "{foo}late" is there too
	write := func(key string) {
		for _, role := range d.Roles(ctx) {
			if role.Primary && role.Node.Shard == node.Shard {
				cl := d.Client(role.Node, time.Second)
				if err := cl.Set(ctx, key, "v", 0).Err(); err != nil {
					t.Error(err)
				}
				cl.Close()
			}
		}
	}
	write("foo")
	late := make(chan struct{})
	go func() {
		defer close(late)
		for !seen.has(results.EventUpgradeDone, "node-3") && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		write("{foo}late")
	}()
	result := roll(t, d, seen, scenarios.Upgrade{
		To: other(t), Order: scenarios.ShardByShard,
		Rollback: &scenarios.Rollback{At: scenarios.Duration(time.Millisecond), From: scenarios.FromBackup},
	})
	<-late
	if result.Forward.Status != results.RollDone || result.Back.Status != results.RollDone {
		t.Fatalf("%s, back: %s", result.Forward.Reason, result.Back.Reason)
	}
	if got := acts(&result.Forward)[:3]; !slices.Equal(got, []string{"backup", "replace node-3", "replace node-0"}) {
		t.Errorf("shard by shard: %v", got)
	}
	cl := d.Client(node, time.Second)
	defer cl.Close()
	if n, err := cl.Exists(ctx, "foo").Result(); err != nil || n != 1 {
		t.Errorf("foo was saved: %d %v", n, err)
	}
	if n, err := cl.Exists(ctx, "{foo}late").Result(); err != nil || n != 0 {
		t.Errorf("what was written after the backup is there: %d %v", n, err)
	}
}

func TestAVersionReadsItsOwnFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	d, _, err := deploy(t, scenarios.Redis{Shards: 3}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	list, err := d.Readable(t.Context(), scenarios.Release{Binary: "redis-server"}, other(t))
	if err != nil || len(list) != 4 {
		t.Fatalf("%v %v", list, err)
	}
	for _, r := range list {
		if !r.OK || r.Evidence != "7 of 7 keys are there" {
			t.Errorf("%+v", r)
		}
	}
}
