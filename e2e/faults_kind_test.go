//go:build e2e && kind && linux

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// drilled is a cluster that keeps what it has, under faults that are put in.
const drilled = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: drilled}
redis:
  image: "redis:8.0"
  auth: {enabled: true}
  storage: {size: 64Mi}
  config: {cluster-node-timeout: 5000, repl-diskless-sync-delay: 0, save: "", appendonly: "yes"}
workload: {generators: 2, rate: 50, warmup: 1s, keys: {count: 1000}, audit: {rate: 20}}
timeline:
  phases: [{name: drills, duration: LENGTH}]
  faults:
`

// drill runs faults one after the other, and wants each to be proved and healed.
func drill(t *testing.T, length, faults string, more ...string) *results.Bundle {
	t.Helper()
	file := filepath.Join(t.TempDir(), "drilled.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(drilled, "LENGTH", length, 1)+faults), 0o644); err != nil {
		t.Fatal(err)
	}
	b := onLab(t, append([]string{file}, more...)...)[0]
	behaved(t, b)
	for _, f := range b.Run.Faults {
		t.Logf("%s: %s; %s", f.Name, f.Proof, f.Healing)
	}
	return b
}

// TestKindFaultsInPods injects what slotstorm itself can do in pods beside kills
// and the partitions of the other tests.
func TestKindFaultsInPods(t *testing.T) {
	b := drill(t, "175s", `
    - {name: pause, at: 3s, duration: 6s, pause: {target: replica of shard 0}}
    - {name: rejected, at: 23s, duration: 6s, partition: {between: [replica of shard 1], action: reject}}
    - {name: clients, at: 43s, duration: 6s, partition: {between: [replica of shard 2], traffic: client}}
    - {name: bus, at: 63s, duration: 6s, partition: {between: [replica of shard 0], traffic: bus}}
    - {name: one-way, at: 83s, duration: 6s, partition: {between: [replica of shard 1], direction: one-way}}
    - {name: isolated, at: 103s, duration: 6s, isolate: {target: replica of shard 2, action: reject}}
    - {name: graceful, at: 125s, failover: {target: replica of shard 0}}
    - {name: forced, at: 140s, failover: {target: replica of shard 1, mode: force}}
    - {name: takeover, at: 155s, failover: {target: replica of shard 2, mode: takeover}}
    - {name: set, at: 168s, duration: 2s, command: {target: all nodes, run: [CONFIG, SET, maxmemory, 100mb], undo: [CONFIG, SET, maxmemory, 0]}}
`)
	// The three failovers were asked for; a pause or a cut replica makes none.
	if len(b.Run.Summary.Failovers) != 3 {
		t.Errorf("%d failovers", len(b.Run.Summary.Failovers))
	}
}

// TestKindPressureInPods takes processors and memory within the bounds of the
// container of redis-server.
func TestKindPressureInPods(t *testing.T) {
	b := drill(t, "50s", `
    - {name: busy, at: 3s, duration: 6s, cpu: {target: primary of shard 0, workers: 2}}
    - {name: memory, at: 23s, duration: 6s, memory: {target: all nodes, size: 48Mi}}
`)
	for i, want := range []string{"2 busy threads of its container", "48 MiB are held in the container of "} {
		if f := b.Run.Faults[i]; !strings.Contains(f.Proof, want) {
			t.Errorf("%s: %s", f.Name, f.Proof)
		}
	}
}

// TestKindEvictAndOOMKill evicts a pod, which its budget permits, and asks for another one before
// the first is back, which it refuses: the pod stays, and that is no failover. Then a server
// exceeds the limit of its container, which the report distinguishes from another crash.
func TestKindEvictAndOOMKill(t *testing.T) {
	b := drill(t, "100s", `
    - {name: evicted, at: 3s, evict: {target: replica of shard 1}}
    - {name: refused, at: 4s, evict: {target: primary of shard 0}}
    - {name: oom, at: 45s, oomKill: {target: primary of shard 2}}
    - {name: crash, at: 75s, kill: {target: primary of shard 1, scope: container}}
`, "--set", "redis.resources.memory=512Mi")
	evicted, refused, oom, crash := b.Run.Faults[0], b.Run.Faults[1], b.Run.Faults[2], b.Run.Faults[3]
	if pods := podsOf(b, evicted.Node); len(pods) != 2 || evicted.Refused != "" {
		t.Errorf("after %q the pods are %+v", evicted.Proof, pods)
	}
	if pods := podsOf(b, refused.Node); len(pods) != 1 || refused.Refused == "" || !strings.Contains(refused.Proof, "disruption budget") {
		t.Errorf("after %q the pods are %+v", refused.Proof, pods)
	}
	if slices.ContainsFunc(b.Run.Summary.Failovers, func(f results.Failover) bool { return f.Fault == "refused" }) {
		t.Errorf("a refused eviction has a failover: %+v", b.Run.Summary.Failovers)
	}
	for f, kills := range map[*results.Fault]int{&oom: 1, &crash: 0} {
		if pods := podsOf(b, f.Node); len(pods) != 1 || pods[0].Restarts != 1 || pods[0].OOMKills != kills || strings.Contains(f.Proof, "OOMKilled") != (kills > 0) {
			t.Errorf("after %q the pods are %+v", f.Proof, pods)
		}
	}
}

// TestKindFaultsByChaosMesh injects every fault for which slotstorm uses Chaos Mesh.
// It is skipped on a cluster without Chaos Mesh.
func TestKindFaultsByChaosMesh(t *testing.T) {
	needsChaosMesh(t)
	b := drill(t, "165s", `
    - {name: cut, at: 3s, duration: 8s, engine: chaosmesh, partition: {between: [replica of shard 0]}}
    - {name: one-way, at: 28s, duration: 8s, engine: chaosmesh, partition: {between: [replica of shard 1], direction: one-way}}
    - {name: isolated, at: 53s, duration: 8s, engine: chaosmesh, isolate: {target: replica of shard 0}}
    - {name: container, at: 78s, engine: chaosmesh, kill: {target: primary of shard 1, scope: container}}
    - {name: graceful, at: 105s, engine: chaosmesh, kill: {target: replica of shard 2, signal: SIGTERM, grace: 10s}}
    - {name: forced, at: 135s, engine: chaosmesh, kill: {target: primary of shard 0}}
`)
	if !slices.ContainsFunc(b.Run.Faults, func(f results.Fault) bool { return strings.HasSuffix(f.Detail, ", by Chaos Mesh") }) {
		t.Errorf("the report does not say who did it: %+v", b.Run.Faults)
	}
}

// TestKindWithoutChaosMesh expects a refusal before anything is deployed, because the
// engine is missing.
func TestKindWithoutChaosMesh(t *testing.T) {
	s, cluster, kubectl := onKube(t, engaged("chaosmesh"))
	if hasChaosMesh(kubectl) {
		t.Skip("this cluster has Chaos Mesh")
	}
	code, out, errs := s.run("run", "scenario.yaml", "--cluster", "kind", "--set", "cluster.kind.name="+cluster)
	if code != 3 || out != "" || !strings.Contains(errs, "fault cut: this cluster has no Chaos Mesh: install it, or write engine: auto") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	if left := kubectl("", "get", "namespaces", "-l", "slotstorm.dev/run", "-o", "name"); left != "" {
		t.Errorf("left behind: %s", left)
	}
}

func needsChaosMesh(t *testing.T) {
	t.Helper()
	if _, _, kubectl := onKube(t, cutOff); !hasChaosMesh(kubectl) {
		t.Skip("the cluster has no Chaos Mesh: name one that has it in " + labEnv)
	}
}

func hasChaosMesh(kubectl func(stdin string, args ...string) string) bool {
	return kubectl("", "get", "crd", "networkchaos.chaos-mesh.org", "--ignore-not-found") != ""
}
