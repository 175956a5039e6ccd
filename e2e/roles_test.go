//go:build e2e && kind && linux

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/results"
)

// killed is a run with both kinds of kill.
const killed = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: killed}
redis: {image: "redis:7.0", config: {cluster-node-timeout: 3000}, storage: {size: 64Mi}}
workload:
  generators: 2
  rate: 50
  warmup: 1s
  keys: {count: 1000}
  audit: {rate: 20}
timeline:
  phases: [{name: only, duration: 25s}]
  faults:
    - {name: pod, at: 2s, kill: {target: replica of shard 0}}
    - {name: container, at: 15s, kill: {target: replica of shard 1, scope: container}}
`

// loadSelf loads an image of the program into the cluster, and gives its name.
func loadSelf(t *testing.T, s *sandbox, cluster string) string {
	t.Helper()
	archive := filepath.Join(s.dir, "tmp", "image.tar")
	code, _, stderr := s.run("image", "--output", archive)
	if code != 0 {
		t.Fatal(stderr)
	}
	tar, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(archive); err != nil {
		t.Fatal(err)
	}
	k, found, err := kind.Find(t.Context(), cluster)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	ref := strings.TrimSpace(stderr)
	if err := k.Load(t.Context(), ref, nil, tar); err != nil {
		t.Fatal(err)
	}
	if err := k.LoadDocker(t.Context(), "redis:7.0", nil); err != nil {
		t.Fatal(err)
	}
	return ref
}

// TestKindDocumentedRoles runs as the service account of docs/kubernetes-roles.yaml,
// with the rights of its first part alone.
func TestKindDocumentedRoles(t *testing.T) {
	const namespace = "slotstorm-e2e-roles"
	s, cluster, kubectl := onKube(t, killed)
	image := loadSelf(t, s, cluster)
	manifest, err := os.ReadFile("../docs/kubernetes-roles.yaml")
	if err != nil {
		t.Fatal(err)
	}
	part, _, two := strings.Cut(string(manifest), "---\n# Part 2")
	if !two {
		t.Fatal("docs/kubernetes-roles.yaml has no second part")
	}
	t.Cleanup(func() { kubectl("", "delete", "namespace", namespace, "--ignore-not-found") })
	kubectl(strings.ReplaceAll(part, "slotstorm-lab", namespace), "apply", "-f", "-")
	file := accountConfig(t, namespace, kubectl)
	// The account may not even list nodes.
	if may := kubectl("", "--as", "system:serviceaccount:"+namespace+":slotstorm", "auth", "can-i", "--list", "-n", "default", "--no-headers"); strings.Contains(may, "nodes") || strings.Contains(may, "pods") {
		t.Fatalf("the account may do more than is documented: %s", may)
	}
	before := kubectl("", "-n", namespace, "get", "all,leases,configmaps,secrets,pdb,pvc", "-o", "name")
	slotstorm := func(args ...string) string {
		t.Helper()
		cmd, out, errs := s.command(args...)
		cmd.Env = append(cmd.Env, "KUBECONFIG="+file)
		if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 5 {
			t.Fatalf("slotstorm %s: %v\n%s%s", strings.Join(args, " "), err, out, errs)
		}
		return out.String()
	}
	place := []string{"--cluster", "kube", "--context", "lab", "--set", "cluster.kube.namespace=" + namespace, "--set", "cluster.kube.generatorImage=" + image}
	plan := slotstorm(append([]string{"run", "scenario.yaml", "--dry-run"}, place...)...)
	if !strings.Contains(plan, "accepted by the API server of lab") {
		t.Errorf("the dry run is not accepted: %s", plan)
	}
	slotstorm(append([]string{"doctor", "scenario.yaml"}, place...)...)
	slotstorm(append([]string{"run", "scenario.yaml"}, place...)...)
	s.healedBoth(namespace)
	if out := slotstorm("clean", "--context", "lab", "--namespace", namespace); !strings.Contains(out, "Nothing to remove.") {
		t.Errorf("clean: %s", out)
	}
	if after := kubectl("", "-n", namespace, "get", "all,leases,configmaps,secrets,pdb,pvc", "-o", "name"); after != before {
		t.Errorf("left behind: %s\nnot\n%s", after, before)
	}
}

// accountConfig writes a kubeconfig for the service account slotstorm of a namespace.
func accountConfig(t *testing.T, namespace string, kubectl func(stdin string, args ...string) string) string {
	t.Helper()
	token := kubectl("", "-n", namespace, "create", "token", "slotstorm", "--duration", "1h")
	var config struct {
		Clusters []map[string]any `json:"clusters"`
	}
	if err := json.Unmarshal([]byte(kubectl("", "config", "view", "--raw", "-o", "json")), &config); err != nil || len(config.Clusters) != 1 {
		t.Fatal(config, err)
	}
	raw, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "clusters": config.Clusters,
		"users":    []any{map[string]any{"name": "slotstorm", "user": map[string]any{"token": strings.TrimSpace(token)}}},
		"contexts": []any{map[string]any{"name": "lab", "context": map[string]any{"cluster": config.Clusters[0]["name"], "user": "slotstorm"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// healedBoth checks that the run in the namespace healed both faults.
func (s *sandbox) healedBoth(namespace string) {
	s.t.Helper()
	b, err := results.Load(s.bundle())
	if err != nil {
		s.t.Fatal(err)
	}
	if len(b.Run.Faults) != 2 || !b.Run.HealthyAfter || b.Run.Environment.Kubernetes.Namespace != namespace {
		s.t.Errorf("%d faults, whole after: %v, %+v", len(b.Run.Faults), b.Run.HealthyAfter, b.Run.Environment)
	}
	for _, f := range b.Run.Faults {
		if f.Status != results.StatusHealed {
			s.t.Errorf("fault %s is %s: %s", f.Name, f.Status, f.Reason)
		}
	}
}
