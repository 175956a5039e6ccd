package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
)

// at leads the environment's kubeconfig to a cluster of which a user has all rights but some.
func at(t *testing.T, lacks ...string) *kubetest.Server {
	t.Helper()
	s := kubetest.New(t, &api.Node{ObjectMeta: api.ObjectMeta{Name: "one"}}, &api.StorageClass{ObjectMeta: api.ObjectMeta{
		Name: "fast", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
	}})
	missing := map[string]bool{}
	for _, right := range lacks {
		missing[right] = true
	}
	s.Objects.Permit(func(right string) bool { return !missing[right] })
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, kubetest.Kubeconfig(t, "staging", s.Entry()), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", path)
	return s
}

// asked is a question to doctor about a cluster.
type asked struct {
	name        string
	lacks, args []string
	code        exitCode
	says, never []string
}

func askedOfDoctor() []asked {
	const image = "cluster.kube.generatorImage=example/slotstorm"
	return []asked{
		{
			name: "all rights", args: []string{"--cluster", "kube", "--context", "staging", "--set", image}, code: exitOK,
			says:  []string{"ok    context", "staging, Kubernetes v1.34.3", "each run makes one", "may get, list, create, delete, to make a namespace for each run"},
			never: []string{"warn", "fix:", "pods/eviction"},
		},
		{
			name: "without two", lacks: []string{"create pods/exec", "list nodes", "patch statefulsets.apps"}, args: []string{"--context", "staging", "--set", image}, code: exitEnvironment,
			says: []string{
				"fail  statefulsets.apps             may not patch in all namespaces: a run needs this to apply the cluster",
				`fix: a ClusterRole with {apiGroups: ["apps"], resources: [statefulsets], verbs: [patch]}`,
				"warn  nodes                         may not list in all namespaces: this is only needed to describe the machines in the report",
				`fix: a ClusterRole with {apiGroups: [""], resources: [pods/exec], verbs: [create]}`,
				"missing on statefulsets.apps, nodes, pods/exec",
				"docs/kubernetes-roles.yaml has a Role for one namespace, and cluster.kube.namespace names it",
			},
		},
		{
			name: "a scenario without faults", lacks: []string{"create pods/exec", "list nodes"}, args: []string{"steady", "--cluster", "kube", "--context", "staging", "--set", image}, code: exitOK,
			says: []string{"warn  nodes", "warn  rights"}, never: []string{"pods/exec", "fail"},
		},
		{
			name: "no image", args: []string{"--context", "staging"}, code: exitEnvironment,
			says: []string{"fail  image", "cluster.kube.generatorImage is not set"},
		},
		{
			name: "no such storage class", args: []string{"--context", "staging", "--set", image, "--set", "redis.storage={class: slow, size: 1Gi}"}, code: exitEnvironment,
			says: []string{"fail  storage class", `the cluster has no storage class "slow"; it has fast`},
		},
		{
			name: "no namespaces", lacks: []string{"create namespaces"}, args: []string{"--context", "staging", "--set", image}, code: exitEnvironment,
			says: []string{"or a namespace that an administrator has prepared, named in cluster.kube.namespace"},
		},
		{
			name: "pods of others", lacks: []string{"get secrets"}, code: exitEnvironment,
			args: []string{"steady", "--context", "staging", "--set", "cluster={provider: attach, attach: {namespace: shop, selector: app=redis, passwordFrom: {secret: login, key: password}}}"},
			says: []string{
				"may not get in namespace shop: a run needs this to read the password or the certificates",
				`fix: a Role with {apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [login]}`,
				"docs/your-cluster.md has a Role for one namespace",
			},
			never: []string{"image"},
		},
		{
			name: "no such context", args: []string{"--context", "stagin"}, code: exitEnvironment,
			says: []string{"fail  context", `no context "stagin"`},
		},
	}
}

// A right that is missing is named with its purpose, and nothing is changed.
func TestDoctorAsksForEachRight(t *testing.T) {
	for _, tt := range askedOfDoctor() {
		t.Run(tt.name, func(t *testing.T) {
			s := at(t, tt.lacks...)
			code, out, errs := newBench(t).do(append([]string{"doctor"}, tt.args...)...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d: %s", code, tt.code, errs)
			}
			for _, want := range tt.says {
				if !strings.Contains(out, want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
			for _, never := range tt.never {
				if strings.Contains(out, never) {
					t.Errorf("it says %q:\n%s", never, out)
				}
			}
			if s.Writes() > 0 {
				t.Errorf("%d requests would have changed something", s.Writes())
			}
		})
	}
}

func TestDoctorRefusesAContextOfNoUse(t *testing.T) {
	code, _, errs := newBench(t).do("doctor", "steady", "--context", "staging")
	if code != exitInvalid || !strings.Contains(errs, "use --cluster kube") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
