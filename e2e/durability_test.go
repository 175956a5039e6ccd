//go:build e2e && linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// A primary that comes back empty before anybody noticed takes its shard's data
// with it; with an append-only file it comes back with them.
// It runs alone: while a busy disk syncs, Redis holds back what it appends.
func TestAnEmptyPrimaryWipesItsShard(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for name, tc := range map[string]struct {
		args  []string
		least int // lost writes
		most  int
	}{
		"without persistence": {nil, 200, 400},
		"with an append-only file": {[]string{"--set", "redis.config.appendonly=yes",
			"--set", "objectives[3]={metric: writes.lost, max: 0}"}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSandbox(t)
			code, stdout, stderr := s.run(append([]string{"run", "empty-primary"}, tc.args...)...)
			if code != 0 && code != 5 {
				t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
			}
			b, err := results.Load(s.bundle())
			if err != nil {
				t.Fatal(err)
			}
			passed(t, code, b.Run.Summary)
			if n := b.Run.Audit.Lost; n < tc.least || n > tc.most {
				t.Errorf("%d writes are lost, of %d acknowledged", n, b.Run.Audit.OK)
			}
			for _, l := range b.Run.Summary.Losses {
				if l.Shard != 0 {
					t.Errorf("shard %d, which nothing struck, lost %d", l.Shard, l.Count)
				}
			}
			if len(b.Run.Summary.Failovers) > 1 || b.Run.Faults[0].Status != results.StatusHealed {
				t.Errorf("fault %s, failovers %+v", b.Run.Faults[0].Status, b.Run.Summary.Failovers)
			}
		})
	}
}

// The order of losses over durability's settings is what the protocol implies.
func TestWhatDurabilityBuys(t *testing.T) {
	if os.Getenv("SLOTSTORM_SOAK") == "" {
		t.Skip("sixteen runs: with SLOTSTORM_SOAK=1 only")
	}
	s := newSandbox(t)
	code, stdout, stderr := s.run("run", "durability-matrix")
	if code != 0 && code != 5 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	t.Log(stdout)
	dirs, err := filepath.Glob(filepath.Join(s.dir, "work", "results", "runs", "*"))
	if err != nil || len(dirs) != 16 {
		t.Fatalf("%d runs, %v", len(dirs), err)
	}
	type settings struct{ timeout, minReplicas, wait, fsync string }
	lost := map[settings]int{}
	for _, dir := range dirs {
		b, err := results.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		value := map[string]string{}
		for _, m := range b.Run.Matrix {
			value[m.Field] = m.Value
		}
		wait := "none"
		if strings.Contains(value["workload.audit.wait"], "replicas") {
			wait = "one"
		}
		lost[settings{value["redis.config.cluster-node-timeout"], value["redis.config.min-replicas-to-write"], wait, value["redis.config.appendfsync"]}] = b.Run.Audit.Lost
	}
	for at, n := range lost {
		if at.wait == "one" && n != 0 {
			t.Errorf("%+v: %d lost although a replica had each", at, n)
		}
	}
	for _, fsync := range []string{"everysec", "always"} {
		short, long := lost[settings{"1000", "0", "none", fsync}], lost[settings{"4000", "0", "none", fsync}]
		bound := lost[settings{"4000", "1", "none", fsync}]
		if short == 0 || long <= short || bound >= long {
			t.Errorf("appendfsync %s: %d lost at a node-timeout of 1 s, %d at 4 s, %d there with min-replicas-to-write 1", fsync, short, long, bound)
		}
	}
}
