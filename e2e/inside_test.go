//go:build e2e && kind && linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// calm is a run without a fault, long enough to be frozen.
const calm = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: calm}
seed: 5
redis: {image: "redis:7.0", config: {cluster-node-timeout: 5000}, storage: {size: 64Mi}}
workload:
  generators: 2
  rate: 100
  warmup: 3s
  keys: {count: 1000}
  audit: {rate: 20}
timeline: {phases: [{name: calm, duration: 40s}]}
`

// TestKindAPIServerFreezes stops the control plane for 20 s in the middle of a run.
func TestKindAPIServerFreezes(t *testing.T) {
	cluster, err := toFreeze()
	if err != nil {
		t.Fatal(err)
	}
	s := newSandbox(t)
	if err := os.WriteFile(filepath.Join(s.dir, "work", "calm.yaml"), []byte(calm), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd, out, errs := s.command("run", "calm.yaml", "--cluster", "kind", "--set", "cluster.kind.name="+cluster, "--json")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.awaitCalm(ended, errs)
	time.Sleep(5 * time.Second)
	frozen := time.Now()
	shell(t, "", "docker", "pause", cluster+"-control-plane")
	time.Sleep(20 * time.Second)
	shell(t, "", "docker", "unpause", cluster+"-control-plane")
	length := time.Since(frozen)
	<-ended // its verdict is checked below

	var got struct{ Summary *results.Summary }
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s%s", err, out.String(), errs.String())
	}
	// A busy machine makes a run invalid, and says so.
	if got.Summary.Verdict != results.Pass && !(got.Summary.Verdict == results.Invalid && strings.HasPrefix(got.Summary.Reasons[0], "the load generator was the limit")) {
		t.Errorf("verdict %s: %q", got.Summary.Verdict, got.Summary.Reasons)
	}
	warnsOfAbsence(t, got.Summary.Warnings, length)
	b, err := results.Load(s.bundle())
	if err != nil {
		t.Fatal(err)
	}
	servedAll(t, b)
}

// awaitCalm waits until the only run is in its phase calm.
func (s *sandbox) awaitCalm(ended <-chan error, errs fmt.Stringer) {
	s.t.Helper()
	reached := func() bool {
		files, err := filepath.Glob(filepath.Join(s.dir, "work", "results", "runs", "*", "events.jsonl"))
		if err != nil || len(files) != 1 {
			return false
		}
		raw, err := os.ReadFile(files[0])
		if err != nil {
			s.t.Error(err)
		}
		return strings.Contains(string(raw), `"phase: calm"`)
	}
	for deadline := time.Now().Add(5 * time.Minute); !reached(); {
		select {
		case err := <-ended:
			s.t.Fatalf("the run ended before its load: %v: %s", err, errs)
		case <-time.After(200 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.t.Fatal("the load does not begin")
		}
	}
}

// warnsOfAbsence expects a warning that the API server did not answer for that long.
func warnsOfAbsence(t *testing.T, warnings []string, length time.Duration) {
	t.Helper()
	absence := regexp.MustCompile(`the API server did not answer for (\d+\.\d) s`)
	for _, w := range warnings {
		if m := absence.FindStringSubmatch(w); m != nil {
			d, err := time.ParseDuration(m[1] + "s")
			if err == nil && d > 18*time.Second && d < length+10*time.Second {
				return
			}
		}
	}
	t.Errorf("no warning of %v without the API server: %q", length, warnings)
}

// servedAll checks that calm lost no second, no request and no audited write.
func servedAll(t *testing.T, b *results.Bundle) {
	t.Helper()
	seen := map[[2]int]int{}
	due := 0
	for _, f := range b.Frames {
		seen[[2]int{f.Generator, f.Seq}]++
		for _, c := range f.Commands {
			due += c.Total()
			if bad := c.Total() - c.OK; bad > 0 {
				t.Errorf("second %d of generator %d: %+v", f.Seq, f.Generator, c)
			}
		}
	}
	for generator := range 2 {
		for second := range 43 {
			if n := seen[[2]int{generator, second}]; n != 1 {
				t.Errorf("second %d of generator %d has %d frames", second, generator, n)
			}
		}
	}
	if due < 3800 || due > 4800 {
		t.Errorf("%d requests in 43 s at 100/s", due)
	}
	if a := b.Run.Audit; a == nil || a.OK != a.Writes || a.Lost > 0 {
		t.Errorf("audit: %+v", a)
	}
	if len(b.Run.Generators) != 2 {
		t.Errorf("generators: %+v", b.Run.Generators)
	}
}

// TestKindRunInsideTheCluster applies docs/in-cluster.yaml, with an image that was
// loaded and a shorter scenario, and reads the results from its volume.
func TestKindRunInsideTheCluster(t *testing.T) {
	cluster, err := lab()
	if err != nil {
		t.Fatal(err)
	}
	s := newSandbox(t)
	ref := loadSelf(t, s, cluster)
	kubectl := kubectl(t)
	manifest, err := os.ReadFile("../docs/in-cluster.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(manifest), "registry.example.com/slotstorm:v1.2.3", ref)
	text = strings.Replace(text, "            - --out=/results\n", `            - --out=/results
            - --set=redis.image=redis:7.0
            - --set=workload.rate=100
            - --set=redis.config.cluster-node-timeout=2000
`, 1)
	t.Cleanup(func() { kubectl("", "delete", "namespace", "slotstorm-lab", "--ignore-not-found", "--wait=true") })
	kubectl(text, "apply", "-f", "-")
	succeeded := awaitJob(t, kubectl)
	log := kubectl("", "-n", "slotstorm-lab", "logs", "job/slotstorm")
	if !succeeded && !strings.Contains(log, "the load generator was the limit") {
		t.Errorf("the Job failed: %s", log)
	}
	// Only what the manifest made remains.
	if left := kubectl("", "-n", "slotstorm-lab", "get", "statefulsets,services,configmaps,secrets,pdb,leases", "-o", "name", "--field-selector", "metadata.name!=kube-root-ca.crt"); strings.TrimSpace(left) != "" {
		t.Errorf("left behind: %s", left)
	}
	s.copyResults(kubectl)
	b, err := results.Load(s.bundle())
	if err != nil {
		t.Fatal(err)
	}
	if b.Run.Environment.Kubernetes == nil || b.Run.Environment.Kubernetes.Namespace != "slotstorm-lab" || len(b.Run.Summary.Failovers) != 1 {
		t.Errorf("%+v, %d failovers", b.Run.Environment, len(b.Run.Summary.Failovers))
	}
}

// awaitJob waits for the end of the Job, and reports whether it succeeded.
func awaitJob(t *testing.T, kubectl func(stdin string, args ...string) string) bool {
	t.Helper()
	deadline := time.Now().Add(8 * time.Minute)
	var status struct {
		Status struct{ Succeeded, Failed int }
	}
	for status.Status.Succeeded+status.Status.Failed == 0 {
		if time.Now().After(deadline) {
			t.Fatal("the Job does not end: " + kubectl("", "-n", "slotstorm-lab", "get", "pods,events"))
		}
		time.Sleep(2 * time.Second)
		if err := json.Unmarshal([]byte(kubectl("", "-n", "slotstorm-lab", "get", "job", "slotstorm", "-o", "json")), &status); err != nil {
			t.Fatal(err)
		}
	}
	return status.Status.Succeeded > 0
}

// resultsReader is a pod that mounts the volume with the results.
const resultsReader = `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "results-reader", "namespace": "slotstorm-lab"}, "spec": {
	"securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "fsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
	"containers": [{"name": "reader", "image": "redis:7.0", "imagePullPolicy": "IfNotPresent", "command": ["sleep", "600"],
		"securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
		"volumeMounts": [{"name": "results", "mountPath": "/results"}]}],
	"volumes": [{"name": "results", "persistentVolumeClaim": {"claimName": "slotstorm-results"}}]}}`

// copyResults copies the bundles from the Job's volume to where a run puts them here.
func (s *sandbox) copyResults(kubectl func(stdin string, args ...string) string) {
	s.t.Helper()
	kubectl(resultsReader, "apply", "-f", "-")
	kubectl("", "-n", "slotstorm-lab", "wait", "--for=condition=Ready", "pod/results-reader", "--timeout=90s")
	runs := filepath.Join(s.dir, "work", "results", "runs")
	if err := os.MkdirAll(runs, 0o755); err != nil {
		s.t.Fatal(err)
	}
	kubectl("", "-n", "slotstorm-lab", "cp", "results-reader:/results", runs)
}
