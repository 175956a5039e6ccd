//go:build e2e && kind && linux

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/results"
)

// brief is a run that is soon over.
const brief = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: brief}
cluster: {provider: kind}
redis: {image: "redis:7.0", config: {cluster-node-timeout: 5000}, storage: {size: 64Mi}, auth: {enabled: true}}
workload:
  rate: 50
  warmup: 1s
  keys: {count: 1000}
  audit: {rate: 20}
timeline: {phases: [{name: calm, duration: 5s}]}
`

// onKube is a sandbox with a scenario and a kubectl for the shared cluster.
func onKube(t *testing.T, scenario string) (s *sandbox, cluster string, kubectl func(stdin string, args ...string) string) {
	t.Helper()
	cluster, err := lab()
	if err != nil {
		t.Fatal(err)
	}
	s = newSandbox(t)
	if err := os.WriteFile(filepath.Join(s.dir, "work", "scenario.yaml"), []byte(scenario), 0o644); err != nil {
		t.Fatal(err)
	}
	k, found, err := kind.Find(t.Context(), cluster)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	config, err := k.Kubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	return s, cluster, func(stdin string, args ...string) string {
		t.Helper()
		return shell(t, stdin, append([]string{"kubectl", "--kubeconfig", file}, args...)...)
	}
}

// TestKindUpRunDown keeps a deployment, runs on it three times, the second time
// beside another run on the same cluster, is refused where settings differ, and removes it.
func TestKindUpRunDown(t *testing.T) {
	s, cluster, kubectl := onKube(t, brief)
	name := fmt.Sprintf("e2e-%d", time.Now().UnixNano())
	here := []string{"--set", "cluster.kind.name=" + cluster}
	slotstorm := func(want int, args ...string) (string, string) {
		t.Helper()
		code, out, errs := s.run(append(args, here...)...)
		if code != want && !(want == 0 && code == 5) {
			t.Fatalf("slotstorm %s: exit code %d, not %d\n%s%s", strings.Join(args, " "), code, want, out, errs)
		}
		return out, errs
	}
	t.Cleanup(func() { kubectl("", "delete", "namespace", "slotstorm-"+name, "--ignore-not-found") })
	slotstorm(0, "up", "scenario.yaml", "--name", name)
	pods := func() string {
		return kubectl("", "-n", "slotstorm-"+name, "get", "pods,jobs,secrets,leases", "-o", "name")
	}
	before := pods()
	beside := newSandbox(t)
	for seed := range 3 {
		var done chan struct{}
		if seed == 1 {
			done = beside.background(filepath.Join(s.dir, "work", "scenario.yaml"), cluster)
		}
		slotstorm(0, "run", "scenario.yaml", "--on", name, "--seed", fmt.Sprint(seed+1))
		if done != nil {
			<-done
		}
		if after := pods(); after != before {
			t.Errorf("run %d left something, or took it:\n%s\nnot\n%s", seed, after, before)
		}
	}
	dirs, err := filepath.Glob(filepath.Join(s.dir, "work", "results", "runs", "*"))
	if err != nil || len(dirs) != 3 {
		t.Fatal(dirs, err)
	}
	other, err := filepath.Glob(filepath.Join(beside.dir, "work", "results", "runs", "*"))
	if err != nil || len(other) != 1 {
		t.Fatal(other, err)
	}
	for _, dir := range append(dirs, other...) {
		auditedItsOwn(t, dir)
	}
	_, errs := slotstorm(2, "run", "scenario.yaml", "--on", name, "--set", "redis.shards=5", "--set", "redis.config.cluster-node-timeout=1000")
	for _, want := range []string{"redis.shards is 3 there, and 5 in the scenario", `redis.config.cluster-node-timeout is "5000" there, and "1000" in the scenario`} {
		if !strings.Contains(errs, want) {
			t.Errorf("%q is not in %s", want, errs)
		}
	}
	slotstorm(2, "run", "scenario.yaml", "--on", "nobody")
	here = nil
	slotstorm(0, "down", name)
	if left := kubectl("", "get", "namespaces", "-l", "slotstorm.dev/run", "-o", "name"); strings.Contains(left, name) {
		t.Errorf("left behind: %s", left)
	}
	slotstorm(2, "down", name)
}

// auditedItsOwn checks that a run read back its own writes, and none of a run before it.
func auditedItsOwn(t *testing.T, dir string) {
	t.Helper()
	b, err := results.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a := b.Run.Audit; a == nil || a.Writes == 0 || a.ReadBack != a.Writes || a.Lost > 0 || a.Altered > 0 || !b.Run.HealthyAfter {
		t.Errorf("%s: audit %+v, whole after: %v", dir, a, b.Run.HealthyAfter)
	}
}

// background runs a scenario on a kind cluster, in a namespace of its own, as from
// a second terminal; done is closed when it has ended.
func (s *sandbox) background(file, cluster string) (done chan struct{}) {
	done = make(chan struct{})
	cmd, out, errs := s.command("run", file, "--set", "cluster.kind.name="+cluster)
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(done)
		_ = cmd.Wait()
		// 5 is for a busy machine.
		if code := cmd.ProcessState.ExitCode(); code != 0 && code != 5 {
			s.t.Errorf("the run beside: exit code %d\n%s%s", code, out, errs)
		}
	}()
	return done
}

// TestKindSignals ends runs at random moments. SIGINT leaves nothing; what SIGKILL
// leaves, clean finds and removes, and nothing else. With SLOTSTORM_SOAK=1 at ten
// moments each.
func TestKindSignals(t *testing.T) {
	moments := 1
	if os.Getenv("SLOTSTORM_SOAK") != "" {
		moments = 10
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range moments {
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
			after := time.Duration(random.Int64N(int64(50 * time.Second)))
			t.Run(fmt.Sprintf("%v-%d-after-%v", signal, i, after.Round(time.Millisecond)), func(t *testing.T) { signalled(t, signal, after) })
		}
	}
}

func signalled(t *testing.T, signal syscall.Signal, after time.Duration) {
	s, cluster, kubectl := onKube(t, calm)
	cmd, out, errs := s.command("run", "scenario.yaml", "--cluster", "kind", "--set", "cluster.kind.name="+cluster)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	runs := filepath.Join(s.dir, "work", "results", "runs", "*")
	var id string
	await(t, func() bool {
		dirs, err := filepath.Glob(runs)
		if err != nil || len(dirs) != 1 {
			return false
		}
		id = filepath.Base(dirs[0])
		return true
	})
	time.Sleep(after) // the moment is random
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	t.Logf("%s: %v", id, err)
	if signal == syscall.SIGKILL {
		s.cleans(id, kubectl)
	}
	// Kubernetes removes volumes some time after their claims.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		rest := leftOnKube(id, kubectl)
		if rest == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %s\n%s%s", rest, out, errs)
		}
	}
}

// leftOnKube lists the objects of a run.
func leftOnKube(id string, kubectl func(stdin string, args ...string) string) string {
	all := kubectl("", "get", "namespaces,leases,statefulsets,jobs,pods,services,configmaps,secrets,persistentvolumeclaims,poddisruptionbudgets", "-A", "-l", kube.RunLabel+"="+kube.ShortID(id), "-o", "name")
	volumes := kubectl("", "get", "persistentvolumes", "-o", `jsonpath={range .items[*]}{.spec.claimRef.namespace}{"\n"}{end}`)
	for line := range strings.Lines(volumes) {
		if strings.TrimSpace(line) == kube.NamespaceOf(id) {
			all += "persistentvolume of " + line
		}
	}
	return all
}

// lookAlike are a namespace and objects in it that look like those of a run, and are not.
func lookAlike(namespace, id string) string {
	return fmt.Sprintf(`{"apiVersion": "v1", "kind": "List", "items": [
		{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": %[1]q, "labels": {"slotstorm.dev/looks": "alike", %[2]q: %[3]q}, "annotations": {%[4]q: %[5]q}}},
		{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "slotstorm-run", "namespace": %[1]q, "labels": {%[2]q: %[3]q},
			"annotations": {%[4]q: %[5]q, "slotstorm.dev/namespace-uid": "00000000-0000-0000-0000-000000000000", "slotstorm.dev/made": "true"}},
			"spec": {"renewTime": "2020-01-01T00:00:00.000000Z"}},
		{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "redis", "namespace": %[1]q, "labels": {%[2]q: %[3]q}}}]}`,
		namespace, kube.RunLabel, kube.ShortID(id), kube.RunAnnotation, id)
}

// cleans runs clean for a run that was killed, beside a namespace that looks like the
// run's: clean removes the run's objects alone.
func (s *sandbox) cleans(id string, kubectl func(stdin string, args ...string) string) {
	s.t.Helper()
	foreign := "looks-alike-" + kube.ShortID(id)
	kubectl(lookAlike(foreign, id), "create", "-f", "-")
	s.t.Cleanup(func() { kubectl("", "delete", "namespace", foreign, "--ignore-not-found") })
	foreignUID := func() string {
		return kubectl("", "get", "namespace", foreign, "-o", "jsonpath={.metadata.uid}{.metadata.deletionTimestamp}")
	}
	uid := foreignUID()
	code, listed, stderr := s.run("clean", id, "--json")
	if code != 0 {
		s.t.Fatalf("clean: exit code %d: %s%s", code, listed, stderr)
	}
	var cleaned struct {
		Left []struct {
			Run     string
			Removed bool
		}
	}
	if err := json.Unmarshal([]byte(listed), &cleaned); err != nil {
		s.t.Fatal(err)
	}
	for _, l := range cleaned.Left {
		if l.Run != id || !l.Removed {
			s.t.Errorf("clean took %+v", l)
		}
	}
	if !strings.Contains(listed, foreign) {
		s.t.Errorf("clean does not list %s: %s", foreign, listed)
	}
	if now := foreignUID(); now != uid {
		s.t.Errorf("the namespace that looks alike was touched: %s, not %s", now, uid)
	}
	if kept := kubectl("", "-n", foreign, "get", "leases,configmaps", "-l", kube.RunLabel, "-o", "name"); strings.Count(kept, "\n") != 2 {
		s.t.Errorf("objects in the namespace that looks alike were touched: %s", kept)
	}
	kubectl("", "delete", "namespace", foreign)
}

// TestKindDrainThatIsCutShort kills a run while a machine is drained: clean has the
// machine take pods again.
func TestKindDrainThatIsCutShort(t *testing.T) {
	s, cluster, kubectl := onKube(t, calm)
	cmd, out, errs := s.command("run", "node-drain", "--cluster", "kind", "--set", "cluster.kind.name="+cluster, "--set", "redis.image=redis:7.0", "--set", "workload.rate=50")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	cordoned := func() string {
		return kubectl("", "get", "nodes", "-o", `jsonpath={range .items[?(@.spec.unschedulable)]}{.metadata.name} {end}`)
	}
	for limit := time.Now().Add(5 * time.Minute); cordoned() == ""; {
		select {
		case err := <-ended:
			t.Fatalf("the run ended before its drain: %v\n%s%s", err, out, errs)
		case <-time.After(200 * time.Millisecond):
		}
		if time.Now().After(limit) {
			t.Fatal("nothing is drained")
		}
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-ended
	dirs, err := filepath.Glob(filepath.Join(s.dir, "work", "results", "runs", "*"))
	if err != nil || len(dirs) != 1 {
		t.Fatal(dirs, err)
	}
	if code, listed, stderr := s.run("clean", filepath.Base(dirs[0])); code != 0 {
		t.Errorf("clean: exit code %d: %s%s", code, listed, stderr)
	}
	if left := cordoned(); left != "" {
		t.Errorf("left cordoned: %s", left)
	}
}

// TestKindRecoverUndoesCommands kills a run on a kept deployment while the configuration of a
// node is changed: recover changes it back.
func TestKindRecoverUndoesCommands(t *testing.T) {
	s, cluster, kubectl := onKube(t, strings.Replace(brief, "timeline: {phases: [{name: calm, duration: 5s}]}", `timeline:
  phases: [{name: calm, duration: 90s}]
  faults:
    - {name: few, at: 2s, duration: 80s, command: {target: primary of shard 0, run: [CONFIG, SET, maxclients, 777], undo: [CONFIG, SET, maxclients, 778]}}`, 1))
	name := fmt.Sprintf("e2e-%d", time.Now().UnixNano())
	t.Cleanup(func() { kubectl("", "delete", "namespace", "slotstorm-"+name, "--ignore-not-found") })
	here := []string{"--set", "cluster.kind.name=" + cluster, "--set", "redis.auth=null"}
	if code, out, errs := s.run(append([]string{"up", "scenario.yaml", "--name", name}, here...)...); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	// limits are the maxclients of all nodes.
	limits := func() (list []string) {
		for _, pod := range strings.Fields(kubectl("", "-n", "slotstorm-"+name, "get", "pods", "-l", "slotstorm.dev/shard", "-o", "name")) {
			list = append(list, strings.TrimSpace(kubectl("", "-n", "slotstorm-"+name, "exec", pod, "-c", "redis", "--", "redis-cli", "CONFIG", "GET", "maxclients")))
		}
		return list
	}
	holds := func(value string) bool { return strings.Contains(strings.Join(limits(), " "), "maxclients\n"+value) }
	cmd, out, errs := s.command(append([]string{"run", "scenario.yaml", "--on", name}, here...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); !holds("777"); time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			t.Fatalf("no node has the changed configuration: %q\n%s%s", limits(), out, errs)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	code, said, stderr := s.run("recover", s.bundle())
	if code != 0 || !strings.Contains(said, "carried the undo of each command out") {
		t.Errorf("recover: exit code %d: %s%s", code, said, stderr)
	}
	if holds("777") || !holds("778") {
		t.Errorf("after recover: %q", limits())
	}
}
