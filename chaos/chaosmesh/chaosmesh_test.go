package chaosmesh

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/slotstorm/slotstorm/chaos/native"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// What Chaos Mesh cannot do is reported without a cluster, with what to write instead.
func TestWhatChaosMeshCannotDo(t *testing.T) {
	for fault, want := range map[string]string{
		"kill: {target: primary of shard 0}":                                                       "",
		"kill: {target: primary of shard 0, signal: SIGTERM, grace: 5s}":                           "",
		"kill: {target: primary of shard 0, scope: container}":                                     "",
		"kill: {target: primary of shard 0, scope: container, signal: SIGTERM}":                    "only by SIGKILL",
		"isolate: {target: primary of shard 0, action: reject}, duration: 9s":                      "without an error to the sender",
		"partition: {between: [primary of shard 0], direction: one-way}, duration: 9s":             "",
		"isolate: {target: primary of shard 0}, duration: 9s":                                      "",
		"partition: {between: [primary of shard 0], action: reject}, duration: 9s":                 "without an error to the sender",
		"partition: {between: [primary of shard 0], traffic: bus, and: [all nodes]}, duration: 9s": "not single ports",
		"pause: {target: primary of shard 0}, duration: 9s":                                        "no fault of Chaos Mesh stops a process",
		"failover: {target: replica of shard 0}":                                                   "no fault of Chaos Mesh is a failover",
		"restart: {target: shard 0}":                                                               "no fault of Chaos Mesh is a restart",
		"drain: {target: primary of shard 0}, duration: 9s":                                        "no fault of Chaos Mesh is a drain",
		"machine: {target: primary of shard 0}, duration: 9s":                                      "no fault of Chaos Mesh stops a machine",
		"evict: {target: primary of shard 0}":                                                      "without a question to its PodDisruptionBudget",
		"oomKill: {target: primary of shard 0}":                                                    "cannot have Chaos Mesh do oomKill: write engine: auto",
		"cpu: {target: primary of shard 0}, duration: 9s":                                          "cannot have Chaos Mesh do cpu: write engine: auto",
		"diskFull: {target: primary of shard 0}, duration: 9s":                                     "cannot have Chaos Mesh do diskFull",
	} {
		s, err := scenarios.Parse("test.yaml", []byte(`
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: test}
cluster: {provider: kind}
redis: {resources: {memory: 64Mi}}
timeline:
  phases: [{name: a, duration: 120s}]
  faults: [{name: f, at: 1s, engine: chaosmesh, `+fault+`}]
`))
		if err != nil {
			t.Fatal(err)
		}
		err = Can(s.Timeline.Faults)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), "fault f: ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

// The objects are exactly these pods', carry the run's labels, and end by
// themselves.
func TestObjects(t *testing.T) {
	m := &Mesh{namespace: &kube.Namespace{Name: "rehearsal", Run: "20261123t080000z-0001"}}
	pods := func(names ...string) (list []pods.Pod) {
		for _, n := range names {
			list = append(list, pods.Pod{Name: n})
		}
		return list
	}
	for name, c := range map[string]struct {
		object runtime.Object
		want   string
	}{
		"partition": {m.partition("cut-1", native.PodRule{From: pods("shard-0-0", "slotstorm-generator-1-x"), To: pods("shard-1-0", "shard-1-0")}, 25*time.Second), `
action: partition
direction: to
duration: 25s
mode: all
selector: {pods: {rehearsal: [shard-0-0, slotstorm-generator-1-x]}}
target: {mode: all, selector: {pods: {rehearsal: [shard-1-0]}}}
`},
		"crash": {m.kill("k", pods("shard-0-0"), scenarios.Kill{Scope: "pod", Signal: "SIGKILL"}), `
action: pod-kill
mode: all
selector: {pods: {rehearsal: [shard-0-0]}}
`},
		"grace": {m.kill("k", pods("shard-0-0"), scenarios.Kill{Scope: "pod", Signal: "SIGTERM", Grace: scenarios.Duration(1500 * time.Millisecond)}), `
action: pod-kill
gracePeriod: 2
mode: all
selector: {pods: {rehearsal: [shard-0-0]}}
`},
		"container": {m.kill("k", pods("shard-0-0"), scenarios.Kill{Scope: "container", Signal: "SIGKILL"}), `
action: container-kill
containerNames: [redis]
mode: all
selector: {pods: {rehearsal: [shard-0-0]}}
`},
	} {
		got, err := runtime.DefaultUnstructuredConverter.ToUnstructured(c.object)
		if err != nil {
			t.Fatal(err)
		}
		var want any
		if err := yaml.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		// Both ways: nothing is missing, and nothing is there beside.
		if lost, more := missing(want, got["spec"], "spec"), missing(got["spec"], want, "spec"); lost != "" || more != "" {
			t.Errorf("%s: missing %q, too much %q: %v", name, lost, more, got["spec"])
		}
		meta, _ := got["metadata"].(map[string]any)
		labels, _ := meta["labels"].(map[string]any)
		if meta["namespace"] != "rehearsal" || labels[kube.RunLabel] != "20261123t080000z-0001" || !strings.HasSuffix(meta["name"].(string), "-20261123t080000z-0001") {
			t.Errorf("%s: %v", name, meta)
		}
	}
}

// A cluster with an older Chaos Mesh drops fields that it does not know, without a
// word.
func TestWhatWasNotStored(t *testing.T) {
	asked := map[string]any{"action": "partition", "partitionBehavior": "reject", "target": map[string]any{"mode": "all"}, "pods": []any{"a", "b"}}
	for _, c := range []struct {
		got  map[string]any
		want string
	}{
		{map[string]any{"action": "partition", "partitionBehavior": "reject", "target": map[string]any{"mode": "all", "value": ""}, "pods": []any{"a", "b"}, "more": 1}, ""},
		{map[string]any{"action": "partition", "target": map[string]any{"mode": "all"}, "pods": []any{"a", "b"}}, "spec.partitionBehavior"},
		{map[string]any{"action": "partition", "partitionBehavior": "reject", "target": map[string]any{"mode": "one"}, "pods": []any{"a", "b"}}, "spec.target.mode"},
		{map[string]any{"action": "partition", "partitionBehavior": "reject", "target": map[string]any{"mode": "all"}, "pods": []any{"a"}}, "spec.pods"},
	} {
		if got := missing(asked, c.got, "spec"); got != c.want {
			t.Errorf("%v: %q, not %q", c.got, got, c.want)
		}
	}
}
