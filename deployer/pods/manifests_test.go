package pods

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/apply"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/scenarios"
)

var update = flag.Bool("update", false, "write the goldens anew")

// TestManifests are what is applied, with a password and TLS, and no secret in it.
func TestManifests(t *testing.T) {
	ns, objects := kube.Planned(kube.TakeOptions{RunID: "run-00000000T000000Z-0000"})
	o := Options{Namespace: ns, StorageClass: "fast", PullSecret: "pull", Redis: scenarios.Redis{
		Image: "redis:8.0", Shards: 3, ReplicasPerShard: 1, HandOver: true, Config: map[string]string{"appendonly": "yes"},
		Storage: &scenarios.Storage{Size: "2Gi"}, Resources: &scenarios.Resources{CPU: "500m", Memory: "512Mi"},
		Auth: &scenarios.Auth{Enabled: true}, TLS: &scenarios.TLS{Enabled: true},
	}}
	planned := o.Plan(GeneratorPlan{Count: 2, Image: "slotstorm:test", Args: []string{"generate"}, Port: GeneratorPort, Patience: 60e9})
	var text bytes.Buffer
	if err := WriteManifests(&text, append(objects, planned.Objects()...)); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "manifests.yaml")
	if *update {
		if err := os.WriteFile(golden, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("the manifests have changed; look, and write them anew with -update:\n%s", text.String())
	}
	secrets := 0
	for document := range strings.SplitSeq(text.String(), "---\n") {
		if !strings.Contains(document, "\nkind: Secret\n") {
			continue
		}
		secrets++
		_, data, _ := strings.Cut(document, "\ndata:\n")
		for line := range strings.Lines(data) {
			if strings.HasPrefix(line, "  ") && !strings.HasSuffix(line, ": \"\"\n") {
				t.Errorf("a secret's value is printed: %s", line)
			}
			if !strings.HasPrefix(line, "  ") {
				break
			}
		}
	}
	if secrets != 2 {
		t.Errorf("%d secrets, not 2:\n%s", secrets, text.String())
	}
}

// TestUsersAreStatedUnlessTheClusterAssignsThem: OpenShift refuses pods that state others
// than those of the namespace's range.
func TestUsersAreStatedUnlessTheClusterAssignsThem(t *testing.T) {
	for _, assigned := range []bool{false, true} {
		ns := plannedNamespace()
		ns.Cluster = &kube.Cluster{AssignsUsers: assigned}
		o := Options{Namespace: ns, Redis: scenarios.Redis{Image: "redis:8.0", Shards: 3}}
		trial, err := o.trial(Eyes)
		if err != nil {
			t.Fatal(err)
		}
		_, job := generatorObjects(generatorsPlan(o), GeneratorPlan{Count: 1, Patience: time.Minute})
		node := New(planOf(o, dial.Security{}, nil)).Sets[0]
		reader := (&Deployment{options: o, namespace: ns}).readable([]scenarios.Release{{Image: "redis:8.0"}})
		for of, user := range map[string]*int64{
			"a node": node.Spec.Template.Spec.SecurityContext.RunAsUser, "a generator": job.Spec.Template.Spec.SecurityContext.RunAsUser,
			"a trial": trial.Spec.SecurityContext.RunAsUser, "a reader": reader.Spec.SecurityContext.RunAsUser,
		} {
			if stated := user != nil; stated == assigned {
				t.Errorf("%s: assigned %v, stated %v", of, assigned, stated)
			}
		}
		if trial.Spec.SecurityContext.RunAsNonRoot == nil || !*trial.Spec.SecurityContext.RunAsNonRoot {
			t.Error("a pod may run as root")
		}
	}
}

// Where nodes require certificates of clients, redis-cli in the pods presents the
// nodes' own, and the clients' key is in the Secret but in no pod.
func TestMutualTLSKeepsTheKeyOfClientsOutOfPods(t *testing.T) {
	certificates, err := deployer.NewCertificates(true)
	if err != nil {
		t.Fatal(err)
	}
	p := planOf(Options{Namespace: plannedNamespace(), Redis: scenarios.Redis{
		Image: "redis:8.0", Shards: 3, Auth: &scenarios.Auth{Enabled: true}, TLS: &scenarios.TLS{Enabled: true, Mutual: true},
	}}, dial.Security{Username: "app", Password: "secret"}, certificates)
	if !strings.Contains(p.config(nil), "tls-auth-clients yes\n") {
		t.Errorf("nodes do not require certificates:\n%s", p.config(nil))
	}
	if script := p.script(readyScript); !strings.Contains(script, "--cert /etc/slotstorm/secret/tls.crt --key /etc/slotstorm/secret/tls.key") {
		t.Errorf("redis-cli presents no certificate:\n%s", script)
	} else if !strings.Contains(script, " --user app") {
		t.Errorf("redis-cli is another user:\n%s", script)
	}
	// printf %s secret | sha256sum
	const conf = `user default off
user app on #2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b ~* &* +@all
masteruser app
masterauth secret
`
	if got := string(p.secrets()["auth.conf"]); got != conf {
		t.Errorf("auth.conf is\n%s", got)
	}
	var mounted []string
	for _, item := range p.secretVolume().Secret.Items {
		mounted = append(mounted, *item.Key)
	}
	if got := strings.Join(mounted, " "); got != "auth.conf ca.crt password tls.crt tls.key" {
		t.Errorf("pods have %s", got)
	}
	kept := certificatesIn(p.secrets(), p.Redis.TLS)
	if diff := deep.Diff(certificates, kept); diff != "" {
		t.Errorf("a later run finds other certificates in the Secret: %s", diff)
	}
}

func plannedNamespace() *kube.Namespace {
	ns, _ := kube.Planned(kube.TakeOptions{RunID: "run-00000000T000000Z-0000"})
	return ns
}

// A pod requests a processor and memory, whatever the scenario leaves out.
func TestAPodAlwaysRequestsAProcessor(t *testing.T) {
	for name, tc := range map[string]struct {
		stated      *scenarios.Resources
		cpu, memory string
		limited     bool // the processor
		bound       int  // limits in all
	}{
		"nothing":   {nil, "100m", "64Mi", false, 0},
		"memory":    {&scenarios.Resources{Memory: "1Gi"}, "100m", "1Gi", false, 1},
		"processor": {&scenarios.Resources{CPU: "2"}, "2", "64Mi", true, 1},
	} {
		requests, limits := (&Plan{Redis: scenarios.Redis{Resources: tc.stated}}).resources()
		_, limited := limits[api.ResourceCPU]
		if requests.Cpu().String() != tc.cpu || requests.Memory().String() != tc.memory || limited != tc.limited || len(limits) != tc.bound {
			t.Errorf("%s: requests %v, limits %v", name, requests, limits)
		}
	}
}

// A machine that is reserved has the generators alone: nodes keep off it. Without one, neither is
// said.
func TestAMachineForTheGeneratorsAlone(t *testing.T) {
	for _, reserved := range []string{"", "kind-worker3"} {
		o := Options{Namespace: plannedNamespace(), Reserved: reserved, Redis: scenarios.Redis{Image: "redis:8.0", Shards: 3, ReplicasPerShard: 1}}
		node := New(planOf(o, dial.Security{}, nil)).Sets[0].Spec.Template.Spec.Affinity
		_, job := generatorObjects(generatorsPlan(o), GeneratorPlan{Count: 1})
		generator := job.Spec.Template.Spec.Affinity
		if reserved == "" {
			if node.NodeAffinity != nil || generator != nil {
				t.Errorf("without one: %+v and %+v", node, generator)
			}
			continue
		}
		for operator, a := range map[api.NodeSelectorOperator]*apply.NodeAffinityApplyConfiguration{api.NodeSelectorOpNotIn: node.NodeAffinity, api.NodeSelectorOpIn: generator.NodeAffinity} {
			f := a.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchFields[0]
			if *f.Key != "metadata.name" || *f.Operator != operator || len(f.Values) != 1 || f.Values[0] != reserved {
				t.Errorf("%s: %+v", operator, f)
			}
		}
	}
}

// A node with directives of its own has a redis.conf of its own, in which they replace those of
// all, and its pod starts with it.
func TestANodeWithDirectivesOfItsOwn(t *testing.T) {
	p := planOf(Options{Namespace: plannedNamespace(), Redis: scenarios.Redis{
		Image: "redis:8.0", Shards: 3, ReplicasPerShard: 1, Config: map[string]string{"repl-backlog-size": "16mb", "shutdown-timeout": "5"},
		Nodes: []scenarios.NodeConfig{{Node: scenarios.Target{By: scenarios.ByNode, Node: "node-4"}, Config: map[string]string{"repl-backlog-size": "1mb", "shutdown-timeout": "60"}}},
	}}, dial.Security{}, nil)
	files := p.configs()
	if len(files) != 2 || !strings.Contains(files["redis.conf"], "repl-backlog-size 16mb\n") || !strings.Contains(files["shard-1-1.conf"], "repl-backlog-size 1mb\n") || strings.Contains(files["shard-1-1.conf"], "16mb") {
		t.Errorf("the files are %v", files)
	}
	if script := p.script(startScript); !strings.Contains(script, "config=/etc/slotstorm/config/$POD_NAME.conf\n") {
		t.Errorf("the start script does not look for it:\n%s", script)
	}
	if got := p.grace(); got != 80*time.Second {
		t.Errorf("pods may take %s to stop", got)
	}
}

// Pods announce their names where clients are to learn these, and only there.
func TestPodsAnnounceHostNames(t *testing.T) {
	const announced = ` --cluster-announce-hostname "$POD_NAME.redis"` + "\n"
	for kind, want := range map[string]bool{"hostname": true, "Hostname": true, "ip": false, "": false} {
		p := planOf(Options{Namespace: plannedNamespace(), Redis: scenarios.Redis{Shards: 3, Config: map[string]string{"cluster-preferred-endpoint-type": kind}}}, dial.Security{}, nil)
		if got := strings.HasSuffix(p.script(startScript), announced); got != want {
			t.Errorf("%q: the start script is\n%s", kind, p.script(startScript))
		}
	}
}
