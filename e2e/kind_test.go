//go:build e2e && kind && linux

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/results"
)

// labEnv names a kind cluster to run the tests on, which stays. Without it they
// make one, share it, and delete it at the end.
const labEnv = "SLOTSTORM_E2E_KIND"

// made is the cluster that the tests have made; nil if they have not.
var made *kind.Cluster

// lab is the kind cluster that the tests share: a control plane and two workers.
var lab = sync.OnceValues(func() (string, error) {
	if name := os.Getenv(labEnv); name != "" {
		return name, nil
	}
	return makeLab("slotstorm-e2e", 3)
})

func makeLab(name string, nodes int) (string, error) {
	if c, found, err := kind.Find(context.Background(), name); err != nil || found {
		made = c
		return name, err
	}
	// The kubeconfig of whoever runs the tests stays as it is.
	dir, err := os.MkdirTemp("", "slotstorm-e2e-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	made, err = kind.Create(context.Background(), kind.Options{Name: name, Nodes: nodes, Image: os.Getenv("KIND_NODE_IMAGE"), Kubeconfig: filepath.Join(dir, "config")})
	return name, err
}

// toFreeze is the shared cluster, unless others use it too.
func toFreeze() (string, error) {
	if os.Getenv(labEnv) == "" {
		return lab()
	}
	return makeLab("slotstorm-e2e", 2)
}

func TestMain(m *testing.M) {
	code := m.Run()
	if made != nil {
		if err := made.Delete(&kind.Mark{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// onLab runs a scenario on the shared cluster and gives the bundles, in order.
func onLab(t *testing.T, args ...string) []*results.Bundle {
	t.Helper()
	cluster, err := lab()
	if err != nil {
		t.Fatal(err)
	}
	s := newSandbox(t)
	before := look(t, s.dir)
	return s.onKind(before, append(args, "--set", "cluster.kind.name="+cluster)...)
}

// onKind runs a scenario on kind. Whatever the verdict is, there is a report:
// what it has to say is the tests' to judge.
func (s *sandbox) onKind(before machine, args ...string) []*results.Bundle {
	s.t.Helper()
	cmd, out, errs := s.command(append([]string{"run", "--cluster", "kind"}, args...)...)
	cmd.Env = append(cmd.Env, "KIND_NODE_IMAGE="+os.Getenv("KIND_NODE_IMAGE"))
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	dirs, globErr := filepath.Glob(filepath.Join(s.dir, "work", "results", "runs", "*"))
	if code := cmd.ProcessState.ExitCode(); globErr != nil || len(dirs) == 0 || code != 0 && code != 4 && code != 5 {
		s.t.Fatalf("exit code %d, runs %v\n%s\n%s", code, dirs, out, errs)
	}
	var list []*results.Bundle
	for _, dir := range dirs {
		b, err := results.Load(dir)
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Logf("%s: %s %q", b.Run.ID, b.Run.Summary.Verdict, b.Run.Summary.Reasons)
		list = append(list, b)
	}
	s.nothingRemains(before)
	return list
}

// behaved checks all that does not depend on how busy this machine is: it carries
// the nodes, the load and perhaps more. That is everything but latencies.
func behaved(t *testing.T, b *results.Bundle) {
	t.Helper()
	for _, f := range b.Run.Faults {
		if f.Status != results.StatusHealed || f.Proof == "" {
			t.Errorf("fault %s is %s: %s", f.Name, f.Status, f.Reason)
		}
	}
	for _, o := range b.Run.Summary.Objectives {
		family, _, _ := strings.Cut(o.Name, ".")
		if o.Result != results.Pass && family != "response" {
			t.Errorf("objective %s is %s: %s", o.Name, o.Result, o.Shown)
		}
	}
	if !b.Run.HealthyBefore || !b.Run.HealthyAfter {
		t.Errorf("whole before: %v, after: %v", b.Run.HealthyBefore, b.Run.HealthyAfter)
	}
	if a := b.Run.Audit; a == nil || a.ReadBack != a.Writes {
		t.Errorf("audit: %+v", a)
	}
	k := b.Run.Environment.Kubernetes
	if k == nil || len(k.Nodes) == 0 || len(k.Volumes) != len(b.Run.Nodes) || len(k.Pods) < len(b.Run.Nodes) {
		t.Errorf("Kubernetes: %+v", k)
	}
}

// podsOf are the pods that a node had, one after the other.
func podsOf(b *results.Bundle, node string) []results.Pod {
	var list []results.Pod
	for _, p := range b.Run.Environment.Kubernetes.Pods {
		if p.Name == node {
			list = append(list, p)
		}
	}
	return list
}

// TestKindFromNothing runs a file that knows nothing of Kubernetes where there is
// no cluster: one is made, and nothing of it stays.
func TestKindFromNothing(t *testing.T) {
	s := newSandbox(t)
	before := look(t, s.dir)
	clusters, err := kind.Names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("../scenarios/builtin/kill-primary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	file := filepath.Join(elsewhere, "kill-primary.yaml")
	if err := os.WriteFile(file, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	b := s.onKind(before, file, "--set", "cluster.kind.name=slotstorm-e2e-nothing", "--set", "cluster.kind.nodes=2", "--set", "workload.generators=2", "--set", "workload.rate=200", "--set", "workload.audit.rate=50")[0]
	behaved(t, b)
	f := b.Run.Faults[0]
	if pods := podsOf(b, f.Node); len(pods) != 1 || pods[0].Restarts != 1 {
		t.Errorf("the pods of %s, whose container was killed: %+v", f.Node, pods)
	}
	if away := (f.Restored - f.Injected).Std(); away < 6*time.Second {
		t.Errorf("%s was back after %v", f.Node, away)
	}
	if len(b.Run.Summary.Failovers) != 1 || len(b.Run.Generators) != 2 {
		t.Errorf("%d failovers, %d generators", len(b.Run.Summary.Failovers), len(b.Run.Generators))
	}
	for _, name := range []string{"report.md", "report.html"} {
		page, err := os.ReadFile(filepath.Join(b.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		k := b.Run.Environment.Kubernetes
		for _, fact := range []string{k.Version, k.Nodes[0].Name, k.Pods[0].UID, k.Volumes[0].UID, k.NamespaceUID} {
			if !bytes.Contains(page, []byte(strings.ReplaceAll(fact, "_", "\\_"))) {
				t.Errorf("%s does not show %q", name, fact)
			}
		}
	}
	now, err := kind.Names(t.Context())
	if err != nil || !slices.Equal(now, clusters) {
		t.Errorf("kind clusters before: %v, after: %v, %v", clusters, now, err)
	}
}

// breaks has a container crash, a pod deleted with its grace period, another one deleted by
// force, and slots that move from the primary that has taken over, encrypted and as a user.
const breaks = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: breaks}
redis:
  image: "redis:7.0"
  auth: {enabled: true, user: app}
  tls: {enabled: true, mutual: true}
  storage: {size: 64Mi}
  config: {cluster-node-timeout: 5000, repl-diskless-sync-delay: 0, save: "", appendonly: "yes"}
workload: {rate: 50, warmup: 1s, keys: {count: 1000}, audit: {rate: 20}}
timeline:
  phases: [{name: breaks, duration: 75s}]
  faults:
    - {name: container, at: 3s, kill: {target: primary of shard 0, scope: container}}
    - {name: graceful, at: 25s, kill: {target: replica of shard 1, signal: SIGTERM, grace: 10s}}
    - {name: forced, at: 45s, kill: {target: primary of shard 2, away: 15s}}
    - {name: moved, at: 63s, reshard: {from: 2, to: 1, slots: 100}}
objectives: [{metric: writes.lost, max: 5}]
`

// The three ways to end a node are three different faults. They differ in the
// uid of the pod, its IP, its restarts and the last lines of redis-server's log.
func TestKindKills(t *testing.T) {
	file := filepath.Join(t.TempDir(), "breaks.yaml")
	if err := os.WriteFile(file, []byte(breaks), 0o644); err != nil {
		t.Fatal(err)
	}
	b := onLab(t, file)[0]
	behaved(t, b)
	said := func(node string) bool {
		log, err := os.ReadFile(filepath.Join(b.Dir, "nodes", node+".log"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(log), "Redis is now ready to exit")
	}
	container, graceful, forced := b.Run.Faults[0], b.Run.Faults[1], b.Run.Faults[2]
	if pods := podsOf(b, container.Node); len(pods) != 1 || pods[0].Restarts != 1 || said(container.Node) {
		t.Errorf("after %q the pods are %+v; it said goodbye: %v", container.Proof, pods, said(container.Node))
	}
	for _, f := range []results.Fault{graceful, forced} {
		pods := podsOf(b, f.Node)
		if len(pods) != 2 || pods[0].UID == pods[1].UID || pods[0].IP == pods[1].IP {
			t.Errorf("after %q the pods are %+v", f.Proof, pods)
		}
	}
	// By force the new pod may come while the old redis-server still holds its
	// nodes.conf on the volume: Redis then ends, and its container starts again.
	if pods := podsOf(b, graceful.Node); pods[len(pods)-1].Restarts != 0 {
		t.Errorf("after %q the pods are %+v", graceful.Proof, pods)
	}
	if m := b.Run.Faults[3].Moved; m == nil || m.Slots.Count() != 100 || m.Keys == 0 {
		t.Errorf("%+v moved", m)
	}
	if !said(graceful.Node) {
		t.Errorf("%s was not given the time to say goodbye", graceful.Node)
	}
}

// Every node crashes at once, and every address is new: the cluster finds itself
// again, with every write that it had acknowledged.
func TestKindAllPodsRestart(t *testing.T) {
	b := onLab(t, "all-pods-restart", "--set", "redis.image=redis:7.0", "--set", "redis.auth.enabled=true", "--set", "workload.rate=50", "--set", "workload.audit.rate=20")[0]
	behaved(t, b)
	for _, n := range b.Run.Nodes {
		if pods := podsOf(b, n.Name); len(pods) != 2 || pods[0].UID == pods[1].UID {
			t.Errorf("pods of %s: %+v", n.Name, pods)
		}
	}
	if a := b.Run.Audit; a.OK < 100 || a.Lost != 0 {
		t.Errorf("%d writes acknowledged, %d lost", a.OK, a.Lost)
	}
}

// A rollout costs less where primaries hand over before they stop.
func TestKindRollingRestart(t *testing.T) {
	list := onLab(t, "rolling-restart", "--set", "redis.image=redis:8.0", "--set", "redis.tls.enabled=true", "--set", "workload.rate=50", "--set", "workload.audit.rate=20")
	if len(list) != 2 {
		t.Fatalf("%d runs", len(list))
	}
	outage := map[string]results.Duration{}
	for _, b := range list {
		behaved(t, b)
		for _, n := range b.Run.Nodes {
			if pods := podsOf(b, n.Name); len(pods) != 2 || pods[0].UID == pods[1].UID {
				t.Errorf("pods of %s: %+v", n.Name, pods)
			}
		}
		outage[b.Run.Matrix[0].Value] = b.Run.Summary.Availability.Any
	}
	t.Logf("outages without and with hand-over: %v", outage)
	if outage["true"] >= outage["false"] {
		t.Errorf("with hand-over a shard was away for %v, without for %v", outage["true"], outage["false"])
	}
}

// A drained machine gets its pods back, and takes pods again.
func TestKindNodeDrain(t *testing.T) {
	b := onLab(t, "node-drain", "--set", "redis.image=redis:8.0", "--set", "redis.auth.enabled=true", "--set", "redis.tls.enabled=true",
		"--set", "workload.rate=50", "--set", "workload.audit.rate=20", "--set", "objectives[1].max=10s")[0]
	behaved(t, b)
	f := b.Run.Faults[0]
	pods := podsOf(b, f.Node)
	if len(pods) != 2 || pods[1].Node != pods[0].Node || !strings.Contains(f.Healing, pods[0].Node+" takes pods again") {
		t.Fatalf("%s: %+v", f.Healing, pods)
	}
	// Its volume is on that machine: the pod waits, and the budget lets no other go.
	if !strings.Contains(f.Healing, "evictions refused meanwhile") {
		t.Errorf("nothing was refused: %s", f.Healing)
	}
	var node struct {
		Spec struct{ Unschedulable bool }
	}
	if err := json.Unmarshal([]byte(kubectl(t)("", "get", "node", pods[0].Node, "-o", "json")), &node); err != nil || node.Spec.Unschedulable {
		t.Errorf("%s is left cordoned (%v)", pods[0].Node, err)
	}
}

// kubectl gives a way to ask the shared cluster.
func kubectl(t *testing.T) func(stdin string, args ...string) string {
	t.Helper()
	name, err := lab()
	if err != nil {
		t.Fatal(err)
	}
	c, found, err := kind.Find(t.Context(), name)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	config, err := c.Kubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	return func(stdin string, args ...string) string {
		t.Helper()
		return shell(t, stdin, append([]string{"kubectl", "--kubeconfig", file}, args...)...)
	}
}

func shell(t *testing.T, stdin string, command ...string) string {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s%s", command, err, out, errs.String())
	}
	return string(out)
}
