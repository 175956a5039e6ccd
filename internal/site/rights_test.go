package site

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/scenarios"
)

// rule is one of a Role.
type rule struct {
	APIGroups     []string `yaml:"apiGroups"`
	Resources     []string `yaml:"resources"`
	ResourceNames []string `yaml:"resourceNames"`
	Verbs         []string `yaml:"verbs"`
}

// granted are the rights of the rules, one for each verb and resource.
func (r rule) granted() []string {
	var list []string
	for _, resource := range r.Resources {
		for _, group := range r.APIGroups {
			name, sub, _ := strings.Cut(resource, "/")
			if group != "" {
				name += "." + group
			}
			if sub != "" {
				name += "/" + sub
			}
			for _, verb := range r.Verbs {
				list = append(list, strings.Join(append([]string{verb, name}, r.ResourceNames...), " "))
			}
		}
	}
	return list
}

// documented are the rights of the roles of a file, by their kind.
func documented(t *testing.T, file string) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rights := map[string][]string{}
	for d := yaml.NewDecoder(bytes.NewReader(raw)); ; {
		var object struct {
			Kind  string `yaml:"kind"`
			Rules []rule `yaml:"rules"`
		}
		err := d.Decode(&object)
		if errors.Is(err, io.EOF) {
			return rights
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range object.Rules {
			rights[object.Kind] = append(rights[object.Kind], r.granted()...)
		}
	}
}

func load(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The roles that docs/kubernetes-roles.yaml grants are those that the code needs, each of them.
func TestTheDocumentedRolesAreTheNeeds(t *testing.T) {
	s := load(t, `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: everything}
cluster: {provider: kube, kube: {namespace: slotstorm-lab, generatorImage: slotstorm}}
redis: {shards: 3, replicasPerShard: 1}
workload: {rate: 100}
timeline:
  phases: [{name: calm, duration: 5m}]
  faults:
    - {name: kill, at: 1s, kill: {target: primary of shard 0}}
    - {name: hang, at: 60s, duration: 5s, pause: {target: primary of shard 0}}
    - {name: split, at: 120s, duration: 5s, engine: chaosmesh, isolate: {target: primary of shard 1}}
    - {name: drain, at: 180s, duration: 20s, drain: {target: primary of shard 2}}
`)
	needs, err := Needs(s, "lab")
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string][]string{}
	for _, n := range needs {
		if n.Resource == "nodes" && !n.Optional {
			continue // for drain: docs/kubernetes.md leaves it to a role of its own
		}
		kind := "Role"
		if n.Everywhere {
			kind = "ClusterRole"
		}
		for _, r := range n.rights() {
			needed[kind] = append(needed[kind], r.String())
		}
	}
	rights := documented(t, "../../docs/kubernetes-roles.yaml")
	for _, kind := range []string{"Role", "ClusterRole"} {
		got, want := rights[kind], needed[kind]
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(slices.Compact(got), slices.Compact(want)) {
			t.Errorf("the %s grants\n%s\nand the code needs\n%s", kind, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestNeedsFollowTheScenario(t *testing.T) {
	const head = "apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: some}\nredis: {shards: 3, replicasPerShard: 1}\nworkload: {rate: 100}\n"
	const calm = "timeline: {phases: [{name: calm, duration: 5s}]}\n"
	const kill = "timeline: {phases: [{name: calm, duration: 9s}], faults: [{name: kill, at: 1s, kill: {target: primary of shard 0}}]}\n"
	for _, c := range []struct{ name, place, timeline, context, has, lacks string }{
		{"a namespace of its own", "cluster: {provider: kube}\n", calm, "lab", "create namespaces everywhere, patch statefulsets.apps everywhere", "create pods/exec everywhere"},
		{"a kill", "cluster: {provider: kube, kube: {namespace: lab}}\n", kill, "lab", "create pods/exec, get namespaces lab, create pods/portforward", "create pods, create pods/eviction, create namespaces everywhere"},
		{"an eviction", "cluster: {provider: kube, kube: {namespace: lab}}\n", strings.Replace(kill, "kill: {", "evict: {", 1), "lab", "create pods/eviction", "create pods/exec, patch nodes everywhere"},
		{"in the cluster", "cluster: {provider: kube, kube: {namespace: lab}}\n", calm, "in-cluster", "get namespaces lab", "create pods/portforward"},
		{"pods of others", "cluster: {provider: attach, attach: {namespace: shop, selector: app=redis, passwordFrom: {secret: s, key: k}}}\n", kill, "lab", "delete pods, get secrets s, list statefulsets.apps", "create pods/exec, patch statefulsets.apps"},
		{"pods of others, calm", "cluster: {provider: attach, attach: {namespace: shop, selector: app=redis}}\n", calm, "lab", "watch pods", "delete pods, get secrets s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			needs, err := Needs(load(t, head+c.place+c.timeline), c.context)
			if err != nil {
				t.Fatal(err)
			}
			needed := map[string]bool{}
			for _, n := range needs {
				for _, r := range n.rights() {
					text := r.String()
					if n.Everywhere {
						text += " everywhere"
					}
					needed[text] = true
				}
			}
			for right := range strings.SplitSeq(c.has, ", ") {
				if !needed[right] {
					t.Errorf("%s is not needed", right)
				}
			}
			for right := range strings.SplitSeq(c.lacks, ", ") {
				if needed[right] {
					t.Errorf("%s is needed", right)
				}
			}
		})
	}
}
