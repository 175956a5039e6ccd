//go:build e2e && kind && linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/e2e/built"
	"github.com/slotstorm/slotstorm/results"
)

const theirScenario = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: their-pods}
cluster:
  provider: attach
  attach:
    namespace: NAMESPACE
    selector: app.kubernetes.io/name=redis-cluster,app.kubernetes.io/instance=shop
    passwordFrom: {secret: shop-redis-cluster, key: redis-password}
redis: {config: {cluster-node-timeout: "5000"}}
workload: {rate: 50, probe: {interval: 500ms}, audit: {rate: 10}}
timeline:
  phases: [{name: crash, duration: 40s}]
  faults:
    - {name: crash, at: 3s, kill: {target: primary of shard 0, away: 12s}}
`

// theirPods is a Redis Cluster that the test deploys with kubectl, as a chart does.
type theirPods struct {
	t                  *testing.T
	namespace, context string
	dir, file          string
	env                []string
}

// newTheirPods deploys the cluster and forms it.
func newTheirPods(t *testing.T) *theirPods {
	t.Helper()
	name, err := lab()
	if err != nil {
		t.Fatal(err)
	}
	k, ok, err := kind.Find(t.Context(), name)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	into := []string{}
	for _, n := range []string{"worker", "worker2"} {
		into = append(into, name+"-"+n)
	}
	if err := k.LoadDocker(t.Context(), "redis:8.0", into); err != nil {
		t.Fatal(err)
	}
	config, err := k.Kubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	p := &theirPods{t: t, namespace: fmt.Sprintf("shop-%d", time.Now().Unix()), context: "kind-" + name, dir: t.TempDir()}
	kubeconfig := filepath.Join(p.dir, "kubeconfig")
	p.file = filepath.Join(p.dir, "scenario.yaml")
	if err := os.WriteFile(kubeconfig, config, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.file, []byte(strings.Replace(theirScenario, "NAMESPACE", p.namespace, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	p.kubectl("create", "namespace", p.namespace)
	t.Cleanup(func() { p.kubectl("delete", "namespace", p.namespace, "--wait=false") })
	p.kubectl("-n", p.namespace, "apply", "-f", "testdata/their-redis-cluster.yaml")
	p.kubectl("-n", p.namespace, "rollout", "status", "statefulset/shop-redis-cluster", "--timeout=180s")
	addresses := strings.Fields(p.kubectl("-n", p.namespace, "get", "pods", "-o", `jsonpath={range .items[*]}{.status.podIP}:6379 {end}`))
	p.redis(0, append(append([]string{"--cluster", "create"}, addresses...), "--cluster-replicas", "1", "--cluster-yes")...)
	await(t, func() bool {
		return strings.Count(p.redis(0, "cluster", "nodes"), "connected") == 6 && strings.Contains(p.redis(0, "cluster", "info"), "cluster_state:ok")
	})
	return p
}

func (p *theirPods) kubectl(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("kubectl", args...)
	cmd.Env = p.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("kubectl %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// redis runs redis-cli in a pod.
func (p *theirPods) redis(pod int, args ...string) string {
	p.t.Helper()
	return p.kubectl(append([]string{"-n", p.namespace, "exec", fmt.Sprint("shop-redis-cluster-", pod), "--", "redis-cli", "-a", "correct-horse", "--no-auth-warning"}, args...)...)
}

// keys counts the keys of all nodes.
func (p *theirPods) keys() (n int) {
	p.t.Helper()
	for pod := range 6 {
		n += len(strings.Fields(p.redis(pod, "--scan")))
	}
	return n
}

// objects are the objects of the owner, without what controllers write.
func (p *theirPods) objects() string {
	p.t.Helper()
	var all strings.Builder
	for _, kind := range []string{"statefulsets", "configmaps", "services", "poddisruptionbudgets"} {
		all.WriteString(p.kubectl("-n", p.namespace, "get", kind, "-o", `jsonpath={range .items[*]}{.metadata.name}{.metadata.generation}{.metadata.labels}{.metadata.annotations}{.spec}{.data}{"\n"}{end}`))
	}
	return all.String()
}

// slotstorm starts the program.
func (p *theirPods) slotstorm(args ...string) (*exec.Cmd, *strings.Builder) {
	p.t.Helper()
	cmd := exec.Command(built.Slotstorm(p.t), append([]string{"--out", filepath.Join(p.dir, "runs")}, args...)...)
	cmd.Env = p.env
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	return cmd, &out
}

// newest is the folder of the run that was begun last.
func (p *theirPods) newest() string {
	list, err := filepath.Glob(filepath.Join(p.dir, "runs", "their-pods-*"))
	if err != nil || len(list) == 0 {
		return ""
	}
	return list[len(list)-1] // their names begin with the time
}

// A cluster of a chart: found, refused without permission, killed and failed over, left as it
// was; also after SIGKILL.
func TestKindTheirPods(t *testing.T) {
	p := newTheirPods(t)
	own := p.context + "/" + p.namespace
	cmd, out := p.slotstorm("discover", "--context", p.context)
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "--i-own "+own) || !strings.Contains(out.String(), "secret: shop-redis-cluster") {
		t.Errorf("discover: %v\n%s", err, out)
	}
	for flag, want := range map[string]string{"": "--i-own " + own, "--i-own=" + p.context + "/default": "--i-own " + own} {
		args := []string{"run", p.file, "--context", p.context}
		if flag != "" {
			args = append(args, flag)
		}
		cmd, out := p.slotstorm(args...)
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 2 || !strings.Contains(out.String(), want) {
			t.Errorf("%q: %v\n%s", flag, err, out)
		}
	}
	before := p.objects()
	cmd, out = p.slotstorm("run", p.file, "--i-own", own)
	_ = cmd.Wait() // its code depends on how busy this machine is
	b, err := results.Load(p.newest())
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if f := b.Run.Faults[0]; f.Status != results.StatusHealed || !strings.Contains(f.Healing, "had made meanwhile were deleted") {
		t.Errorf("fault %+v", f)
	}
	if len(b.Run.Summary.Failovers) != 1 || b.Run.Environment.Kubernetes.Compared != 5 || len(b.Run.Environment.Kubernetes.Changed) > 0 {
		t.Errorf("failovers %+v, Kubernetes %+v", b.Run.Summary.Failovers, b.Run.Environment.Kubernetes)
	}
	p.killed(own)
	if n := p.keys(); n > 0 {
		t.Errorf("%d keys are left", n)
	}
	if after := p.objects(); after != before {
		t.Errorf("the objects were\n%s\nand are\n%s", before, after)
	}
}

// killed ends a run while its fault is in force, and recovers.
func (p *theirPods) killed(own string) {
	p.t.Helper()
	before := p.newest()
	cmd, _ := p.slotstorm("run", p.file, "--i-own", own)
	await(p.t, func() bool {
		raw, err := os.ReadFile(filepath.Join(p.newest(), results.JournalFile))
		return p.newest() != before && err == nil && strings.Contains(string(raw), `"step":"prove"`)
	})
	if err := cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	run := filepath.Base(p.newest())
	cmd, out := p.slotstorm("run", p.file, "--i-own", own)
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 3 {
		p.t.Errorf("a run while the lease of the killed one lives: %v\n%s", err, out)
	}
	cmd, out = p.slotstorm("recover", run, "--context", p.context)
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "removed") {
		p.t.Errorf("recover: %v\n%s", err, out)
	}
}
