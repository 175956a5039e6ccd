package pods

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// class is a storage class that is the default one.
func class(name string, isDefault bool) *api.StorageClass {
	c := &api.StorageClass{ObjectMeta: api.ObjectMeta{Name: name}}
	if isDefault {
		c.Annotations = map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}
	}
	return c
}

// small is one shard with one replica and a password.
func small(t *testing.T, w *world) Options {
	t.Helper()
	return Options{
		Namespace: w.namespace, Logs: t.TempDir(), Clock: results.Clock{Start: time.Now()}, Emit: w.emit,
		Redis: scenarios.Redis{
			Image: "redis:7.0", Shards: 1, ReplicasPerShard: 1, Config: map[string]string{"save": "", "appendonly": "no"},
			Auth: &scenarios.Auth{Enabled: true},
		},
	}
}

// deploy forms a small cluster of pods. It is removed with the test.
func deploy(t *testing.T) (*world, *Deployment, context.Context) {
	t.Helper()
	w := newWorld(t, 2, class("standard", true))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	d, err := Deploy(ctx, small(t, w))
	if err != nil {
		t.Fatal(err)
	}
	return w, d, ctx
}

func TestDeployFormsAClusterOfPods(t *testing.T) {
	t.Parallel()
	w, d, ctx := deploy(t)
	if err := d.AwaitWhole(ctx); err != nil {
		t.Error(err)
	}
	if roles := d.Roles(ctx); len(roles) != 2 || !roles[0].Primary || roles[1].Primary || !roles[1].LinkUp {
		t.Errorf("roles %+v", roles)
	}
	for _, n := range d.Nodes {
		pod, ok := d.Pod(n.Name)
		if name, known := d.Announced(pod.IP + ":6379"); !ok || !known || name != n.Name {
			t.Errorf("%s is announced by %+v, which is %q", n.Name, pod, name)
		}
		if w.happened(results.EventNodeStart, n.Name) != "pod "+pod.UID+" on "+pod.Machine || w.happened(results.EventNodeReady, n.Name) != "ip "+pod.IP {
			t.Errorf("%s: %q, %q", n.Name, w.happened(results.EventNodeStart, n.Name), w.happened(results.EventNodeReady, n.Name))
		}
		log, err := d.Log(ctx, n.Name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(log)
		log.Close()
		if err != nil || strings.Count(string(text), "Ready to accept connections") != 1 {
			t.Errorf("the log of %s is %q: %v", n.Name, text, err)
		}
	}
	facts := d.Facts(ctx)
	if facts.Context != "kind-x" || facts.Version != "v1.34.3" || len(facts.Pods) != 2 || facts.Pods[0].Image != "redis:7.0" || facts.Pods[0].IP == "" {
		t.Errorf("%+v", facts)
	}
	if err := d.Remove(true); err == nil || !strings.Contains(err.Error(), "slotstorm up") {
		t.Errorf("volumes cannot be kept: %v", err)
	}
	if _, err := w.server.Objects.CoreV1().Namespaces().Get(ctx, d.Namespace(), api.GetOptions{}); !api.IsNotFound(err) {
		t.Errorf("the namespace is there: %v", err)
	}
}

// TestThePasswordIsInTheSecretAlone looks at every object, event and log.
func TestThePasswordIsInTheSecretAlone(t *testing.T) {
	t.Parallel()
	w, d, ctx := deploy(t)
	client, ns := w.server.Objects, d.Namespace()
	secret, err := client.CoreV1().Secrets(ns).Get(ctx, Name, api.GetOptions{})
	password := d.Dialer.Security().Password
	if err != nil || password == "" || string(secret.Data["password"]) != password {
		t.Errorf("the Secret has %q: %v", secret.Data["password"], err)
	}
	var text strings.Builder
	sets, err := client.AppsV1().StatefulSets(ns).List(ctx, api.ListOptions{})
	if err != nil || len(sets.Items) != 1 {
		t.Fatalf("%+v %v", sets, err)
	}
	text.WriteString(sets.String())
	pods, err := client.CoreV1().Pods(ns).List(ctx, api.ListOptions{LabelSelector: kube.RunLabel + "=" + w.namespace.Run})
	if err != nil || len(pods.Items) != 2 {
		t.Fatalf("%+v %v", pods, err)
	}
	text.WriteString(pods.String())
	config, err := client.CoreV1().ConfigMaps(ns).Get(ctx, Name, api.GetOptions{})
	if err != nil || config.OwnerReferences[0].UID != w.namespace.OwnerReferences()[0].UID {
		t.Fatalf("%+v %v", config, err)
	}
	text.WriteString(config.String())
	for _, n := range d.Nodes {
		raw, err := os.ReadFile(d.options.Logs + "/" + n.Name + ".log")
		if err != nil {
			t.Error(err)
		}
		text.Write(raw)
	}
	w.mu.Lock()
	for _, e := range w.events {
		text.WriteString(e.Message)
	}
	w.mu.Unlock()
	if strings.Contains(text.String(), password) {
		t.Error("the password is in an object, an event or a log")
	}
}

// TestPodsAreEndedAndComeBack ends a container, and then the pod.
func TestPodsAreEndedAndComeBack(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	w, d, ctx := deploy(t)
	node := d.Nodes[1].Name
	before, _ := d.Pod(node)
	if err := d.Signal(ctx, node, "KILL"); err != nil {
		t.Fatal(err)
	}
	after, err := d.AwaitPod(ctx, node, "a restart", func(p Pod) bool { return p.Restarts == 1 && p.Running })
	if err != nil || after.UID != before.UID || after.ContainerID == before.ContainerID || after.Exit != "ended by signal 9 (Error)" {
		t.Errorf("%+v, then %+v: %v", before, after, err)
	}
	if got := w.happened(results.EventNodeExit, node); got != "container ended by signal 9 (Error)" {
		t.Errorf("%q", got)
	}
	stale := after
	stale.UID = "another"
	if err := d.DeletePod(ctx, stale, nil); !api.IsConflict(err) {
		t.Errorf("a pod of another uid: %v", err)
	}
	force := time.Duration(0)
	if err := d.DeletePod(ctx, after, &force); err != nil {
		t.Fatal(err)
	}
	if err := d.AwaitGone(ctx, after); err != nil {
		t.Error(err)
	}
	if err := d.AwaitAnswer(ctx, node); err != nil {
		t.Error(err)
	}
	if err := d.AwaitWhole(ctx); err != nil {
		t.Error(err)
	}
	if seen := d.Facts(ctx).Pods; len(seen) != 3 || seen[1].To == 0 && seen[0].To == 0 {
		t.Errorf("the history is %+v", seen)
	}
	for _, err := range []error{d.Signal(ctx, "nobody", "KILL"), d.AwaitAnswer(ctx, "nobody")} {
		if err == nil || !strings.Contains(err.Error(), `"nobody"`) {
			t.Errorf("%v", err)
		}
	}
}

// TestANodeGetsAnotherImageAndItsBackup replaces a node, and restores all.
func TestANodeGetsAnotherImageAndItsBackup(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	_, d, ctx := deploy(t)
	primary := d.Nodes[0]
	cl := d.Client(primary, time.Second)
	defer cl.Close()
	if err := cl.Set(ctx, "kept", "before", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := d.Backup(ctx); err != nil {
		t.Fatal(err)
	}
	if err := cl.Set(ctx, "kept", "after", 0).Err(); err != nil {
		t.Fatal(err)
	}
	node := d.Nodes[1].Name
	old, _ := d.Pod(node)
	if err := d.Replace(ctx, node, scenarios.Release{Image: "redis:8.0"}); err != nil {
		t.Fatal(err)
	}
	if now, _ := d.Pod(node); now.UID == old.UID {
		t.Error("it is the same pod")
	}
	images := map[string]bool{}
	for _, p := range d.Facts(ctx).Pods {
		images[p.Image] = true
	}
	if !images["redis:7.0"] || !images["redis:8.0"] {
		t.Errorf("images %v", images)
	}
	if err := d.Restore(ctx, scenarios.Release{Image: "redis:7.0"}); err != nil {
		t.Fatal(err)
	}
	if err := d.AwaitWhole(ctx); err != nil {
		t.Fatal(err)
	}
	back := d.Client(primary, time.Second)
	defer back.Close()
	if value, err := back.Get(ctx, "kept").Result(); err != nil || value != "before" {
		t.Errorf("after the restore: %q %v", value, err)
	}
	if said := d.Complaints("nobody"); said != "" {
		t.Errorf("%q", said)
	}
	if err := d.Replace(ctx, "nobody", scenarios.Release{}); err == nil {
		t.Error("a node that is not there is replaced")
	}
}

// TestAKeptDeploymentIsTakenUp keeps a cluster, and has a later run attach to it.
func TestAKeptDeploymentIsTakenUp(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	w, d, ctx := deploy(t)
	// The run before was killed while a node was kept down.
	replaced(ctx, t, d, "shard-0-1")
	if err := d.Keep(ctx); err != nil {
		t.Fatal(err)
	}
	found, _, err := w.namespace.Find(ctx, d.Namespace())
	if err != nil || len(found) != 1 {
		t.Fatalf("%+v %v", found, err)
	}
	use, err := w.namespace.Use(ctx, found[0], "later-20261123T060000Z-cd34")
	if err != nil {
		t.Fatal(err)
	}
	defer use.Leave()
	o := small(t, w)
	o.Namespace = use
	o.Redis.Shards = 3
	if _, err := Attach(ctx, o); !errors.Is(err, ErrDiffers) || !strings.Contains(err.Error(), "redis.shards is 1 there, and 3 in the scenario") {
		t.Errorf("%v", err)
	}
	o.Redis.Shards = 1
	later, err := Attach(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer later.unfollow()
	if roles := later.Roles(ctx); len(roles) != 2 || later.Nodes[0].ID == "" {
		t.Errorf("roles %+v of %+v", roles, later.Nodes)
	}
}

// replaced has a node kept down, and its pod made anew.
func replaced(ctx context.Context, t *testing.T, d *Deployment, node string) {
	t.Helper()
	if err := d.KeepDown(ctx, node, time.Hour); err != nil {
		t.Fatal(err)
	}
	was, ok := d.Pod(node)
	if !ok {
		t.Fatalf("%s has no pod", node)
	}
	if err := d.DeletePod(ctx, was, new(time.Duration)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AwaitPod(ctx, node, "another pod", func(p Pod) bool { return p.UID != was.UID && p.Running }); err != nil {
		t.Fatal(err)
	}
}

// A node that is kept down stays so in its new pod, until it may start.
func TestANodeIsKeptDownInItsNewPod(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	_, d, ctx := deploy(t)
	const node = "shard-0-1"
	replaced(ctx, t, d, node)
	short, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	if err := d.AwaitAnswer(short, node); err == nil {
		t.Error("it answers")
	}
	if err := d.LetStart(ctx, node); err != nil {
		t.Fatal(err)
	}
	if err := d.AwaitAnswer(ctx, node); err != nil {
		t.Error(err)
	}
	for _, err := range []error{d.KeepDown(ctx, "shard-9-9", time.Second), d.LetStart(ctx, "shard-9-9")} {
		if err == nil {
			t.Error("a node that is not there was taken for one")
		}
	}
}

// redisWith has a storage class, if it is not empty.
func redisWith(class string) scenarios.Redis {
	r := scenarios.Redis{Image: "redis:7.0", Shards: 1}
	if class != "" {
		r.Storage = &scenarios.Storage{Size: "1Gi", Class: class}
	}
	return r
}

// TestDeploySaysWhatIsInTheWay has an API server that makes no pods.
func TestDeploySaysWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	quota := warning("StatefulSet", "shard-0", "FailedCreate", "exceeded quota")
	n, s := place(t, class("standard", true), quota)
	o := Options{Namespace: n, Redis: redisWith(""), Clock: results.Clock{Start: time.Now()}, Emit: func(results.Event) {}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := Deploy(ctx, o); err == nil || err.Error() != "forming the cluster: StatefulSet shard-0 makes no pod: FailedCreate: exceeded quota" {
		t.Errorf("%v", err)
	}
	o.Redis = redisWith("ssd")
	if _, err := Deploy(ctx, o); err == nil || !strings.Contains(err.Error(), `no storage class "ssd"`) {
		t.Errorf("%v", err)
	}
	o.Redis = redisWith("")
	for resource, want := range map[string]string{
		"configmaps": "applying the ConfigMap redis", "secrets": "applying the Secret redis", "services": "applying the Service redis",
		"poddisruptionbudgets": "applying the PodDisruptionBudget redis", "statefulsets": "applying the StatefulSet shard-0",
	} {
		refusal := s.Objects.Refuse("patch", resource, kubetest.Forbidden())
		if _, err := Deploy(ctx, o); !api.IsForbidden(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		refusal.End()
	}
	// The namespace is another one now: nothing is applied into it.
	namespaces := s.Objects.CoreV1().Namespaces()
	if err := namespaces.Delete(ctx, n.Name, api.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := namespaces.Create(ctx, &api.Namespace{ObjectMeta: api.ObjectMeta{Name: n.Name}}, api.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Deploy(ctx, o); err == nil || !strings.Contains(err.Error(), "it is left alone") {
		t.Errorf("%v", err)
	}
	if list, err := s.Objects.CoreV1().ConfigMaps(n.Name).List(ctx, api.ListOptions{}); err != nil || len(list.Items) > 0 {
		t.Errorf("%+v %v", list, err)
	}
}
