//go:build e2e && kind && linux

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/recount"
	"github.com/slotstorm/slotstorm/results"
)

// cutOff is a primary that is cut off from all others, with a client beside it.
const cutOff = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: cut-off}
cluster: {provider: kind}
seed: 3
redis: {image: "redis:7.0", config: {cluster-node-timeout: 4000, save: "", appendonly: "no"}, storage: {size: 64Mi}}
workload:
  generators: 2
  rate: 40
  warmup: 1s
  keys: {count: 1000}
  client: {options: {clusterStateReloadInterval: 1s, dialTimeout: 500ms}}
  audit: {rate: 40}
timeline:
  phases: [{name: calm, duration: 3s}, {name: cut, duration: 20s}, {name: after, duration: 5s}]
  faults: [{name: cut, at: 3s, duration: 20s, partition: {between: [primary of shard 0, generator 1]}}]
`

// TestKindMinorityLosesWhatItAcknowledged counts what a partition loses by plain
// commands of another program, and compares.
func TestKindMinorityLosesWhatItAcknowledged(t *testing.T) { minorityLoses(t, "builtin") }

// TestKindMinorityUnderChaosMesh has the same partition made by Chaos Mesh. It is
// skipped on a cluster that has none.
func TestKindMinorityUnderChaosMesh(t *testing.T) {
	needsChaosMesh(t)
	minorityLoses(t, "chaosmesh")
}

// engaged is cutOff with an engine.
func engaged(engine string) string {
	return strings.Replace(cutOff, "faults: [{", "faults: [{engine: "+engine+", ", 1)
}

func minorityLoses(t *testing.T, engine string) {
	s, cluster, kubectl := onKube(t, engaged(engine))
	name := fmt.Sprintf("e2e-%d", time.Now().UnixNano())
	t.Cleanup(func() { kubectl("", "delete", "namespace", "slotstorm-"+name, "--ignore-not-found") })
	if code, _, errs := s.run("up", "scenario.yaml", "--name", name, "--set", "cluster.kind.name="+cluster); code != 0 {
		t.Fatal(errs)
	}
	// 5 is for a busy machine: what counts here are the writes.
	if code, out, errs := s.run("run", "scenario.yaml", "--on", name, "--set", "cluster.kind.name="+cluster); code != 0 && code != 5 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	b, err := results.Load(s.bundle())
	if err != nil {
		t.Fatal(err)
	}
	f := b.Run.Faults[0]
	if f.Status != results.StatusHealed || !strings.Contains(f.Proof, "none gets an answer") || !strings.Contains(f.Healing, "open again") {
		t.Fatalf("the partition is %s: %s %s %s", f.Status, f.Proof, f.Healing, f.Reason)
	}
	survived, err := recount.Values(t.Context(), b.Writes, func(_ context.Context, commands string) (string, error) {
		return kubectl(commands, "-n", "slotstorm-"+name, "exec", "-i", "shard-1-0", "-c", "redis", "--", "redis-cli", "-c"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := recount.Lost(b.Writes, survived)
	if got := recount.Found(b.Findings); !slices.Equal(got, want) {
		t.Errorf("the audit reports %v as lost, an independent count %v", got, want)
	}
	t.Logf("%d writes lost, by both counts", len(want))
	inside := 0
	for _, f := range b.Findings {
		if f.Class == results.ClassLost && f.Write.Node == "shard-0-0" && f.Write.Client == "generator 1" {
			inside++
		}
	}
	if inside == 0 {
		t.Errorf("the minority lost nothing: %d losses in all", len(want))
	}
}

// TestKindPartitionEndsWithoutSlotstorm kills slotstorm while a partition is in
// force, and sees that the network is whole again within the fault's deadline; at
// ten moments with SLOTSTORM_SOAK=1.
func TestKindPartitionEndsWithoutSlotstorm(t *testing.T) {
	moments := 1
	if os.Getenv("SLOTSTORM_SOAK") != "" {
		moments = 10
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range moments {
		after := time.Duration(random.Int64N(int64(15 * time.Second)))
		t.Run(fmt.Sprintf("%d-after-%v", i, after.Round(time.Millisecond)), func(t *testing.T) { abandoned(t, after) })
	}
}

func abandoned(t *testing.T, after time.Duration) {
	// It ends by itself 15 s after the time that the scenario gives it.
	const deadline = 35 * time.Second
	s, cluster, kubectl := onKube(t, cutOff)
	cmd, _, errs := s.command("run", "scenario.yaml", "--cluster", "kind", "--set", "cluster.kind.name="+cluster)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	proved := func() bool {
		files, err := filepath.Glob(filepath.Join(s.dir, "work", "results", "runs", "*", "journal.jsonl"))
		if err != nil || len(files) != 1 {
			return false
		}
		raw, err := os.ReadFile(files[0])
		return err == nil && strings.Contains(string(raw), `"step":"prove"`)
	}
	for limit := time.Now().Add(6 * time.Minute); !proved(); {
		select {
		case err := <-ended:
			t.Fatalf("the run ended before the partition: %v: %s", err, errs.String())
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(limit) {
			t.Fatal("there is no partition")
		}
	}
	from := time.Now()
	time.Sleep(after)
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-ended
	dirs, err := filepath.Glob(filepath.Join(s.dir, "work", "results", "runs", "*"))
	if err != nil || len(dirs) != 1 {
		t.Fatal(dirs, err)
	}
	parts := strings.Split(filepath.Base(dirs[0]), "-")
	namespace := "slotstorm-" + strings.ToLower(strings.Join(parts[len(parts)-2:], "-"))
	t.Cleanup(func() { kubectl("", "delete", "namespace", namespace, "--ignore-not-found") })
	ip := strings.TrimSpace(kubectl("", "-n", namespace, "get", "pod", "shard-0-0", "-o", "jsonpath={.status.podIP}"))
	open := func() bool {
		return strings.Contains(kubectl("", "-n", namespace, "exec", "shard-1-0", "-c", "redis", "--", "sh", "-c", "timeout 1 redis-cli -h "+ip+" ping || true"), "PONG")
	}
	if open() && time.Since(from) < deadline-15*time.Second {
		t.Error("nothing is cut")
	}
	for !open() {
		if time.Since(from) > deadline+10*time.Second {
			t.Fatal("the partition outlives its deadline")
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Logf("open again %v after it was proved", time.Since(from).Round(100*time.Millisecond))
	code, out, stderr := s.run("recover", filepath.Base(dirs[0]))
	if code != 0 || !strings.Contains(out, "no rule was active in any of them") || !strings.Contains(out, "healed  cut: ") {
		t.Errorf("recover: exit code %d: %s%s", code, out, stderr)
	}
}
