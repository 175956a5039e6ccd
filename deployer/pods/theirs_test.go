package pods

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
)

// theirPod is a pod that somebody else made.
func theirPod(name, uid string, containers ...string) *api.Pod {
	p := &api.Pod{ObjectMeta: api.ObjectMeta{Name: name, Namespace: "shop", UID: types.UID(uid), Labels: map[string]string{"app": "redis"}}}
	p.Status.PodIP = "10.244.0." + strings.TrimPrefix(name, "redis-")
	for _, c := range containers {
		p.Spec.Containers = append(p.Spec.Containers, api.Container{Name: c})
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, api.ContainerStatus{Name: c, ContainerID: "c-" + c, Ready: true, State: api.ContainerState{Running: &api.ContainerStateRunning{}}})
	}
	return p
}

func followThem(t *testing.T, s *kubetest.Server, container string) *Theirs {
	t.Helper()
	c := &kube.Cluster{Config: s.Config, Client: s.Client(), Context: "kind-x", Version: "v1.34.3"}
	found, err := Follow(t.Context(), TheirOptions{In: c, Namespace: "shop", Selector: "app=redis", Container: container, Port: 6379, Clock: results.Clock{Start: time.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(found.Close)
	return found
}

// greeter is the address of a server that says hello.
func greeter(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "hello\n") // the test sees what is missing
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// The server of a pod is reached by the pod's name, a name of its Service and its address;
// its log from the beginning of the run on is kept.
func TestTheirPodsAreReached(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t, theirPod("redis-7", "u7", "server"), theirPod("redis-8", "u8", "server"))
	hello := greeter(t)
	s.Forward = func(pod string, port int) (string, error) {
		if pod != "redis-7" || port != 6379 {
			return "", fmt.Errorf("%s:%d", pod, port)
		}
		return hello, nil
	}
	began := time.Now() // of the test, before the run
	s.Log = func(ctx context.Context, r kubetest.LogRequest, w io.Writer) error {
		for text, at := range map[string]time.Time{"before": began.Add(-time.Hour), "after": began.Add(time.Minute)} {
			if _, err := fmt.Fprintf(w, "%s %s of %s\n", at.UTC().Format(time.RFC3339Nano), text, r.Container); err != nil {
				return err
			}
		}
		if r.Follow {
			<-ctx.Done()
		}
		return nil
	}
	found := followThem(t, s, "")
	if running, err := found.Running(); err != nil || len(running) != 2 || running["redis-7"] != "redis-7:6379" {
		t.Errorf("running: %v %v", running, err)
	}
	for _, addr := range []string{"redis-7:6379", "redis-7.redis.shop.svc:6379", "10.244.0.7:6379"} {
		conn, err := found.Dial(t.Context(), addr)
		if err != nil {
			t.Fatal(err)
		}
		if said, err := io.ReadAll(conn); err != nil || string(said) != "hello\n" {
			t.Errorf("%s: %q %v", addr, said, err)
		}
		conn.Close()
		if name, ok := found.Announced(addr); !ok || name != "redis-7" {
			t.Errorf("%s is announced by %q", addr, name)
		}
	}
	for _, p := range found.Facts().Pods {
		if p.From < 0 || p.From.Std() > time.Minute {
			t.Errorf("pod %s is seen from %v of the run on", p.Name, p.From)
		}
	}
	if _, err := found.Dial(t.Context(), "10.244.0.9:6379"); err == nil {
		t.Error("an address of no pod is reached")
	}
	dir := t.TempDir()
	found.Record([]deployer.Node{{Name: "redis-7"}}, dir, func(results.Event) {})
	f, err := found.Log(t.Context(), "redis-7")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if raw, err := os.ReadFile(filepath.Join(dir, "redis-7.log")); err != nil || string(raw) != "after of server\n" {
		t.Errorf("the log is %q, %v", raw, err)
	}
}

// Pods that cannot be used are named, with the reason.
func TestTheirPodsAreFit(t *testing.T) {
	t.Parallel()
	stopped := theirPod("redis-1", "u1", "server")
	stopped.Status.ContainerStatuses[0].State.Running = nil
	named := theirPod("redis-2", "u2", "server", "metrics")
	named.Annotations = map[string]string{defaultContainer: "server"}
	ported := theirPod("redis-3", "u3", "server", "metrics")
	ported.Spec.Containers[0].Ports = []api.ContainerPort{{ContainerPort: 6379}, {ContainerPort: 16379}}
	for want, tc := range map[string]struct {
		pods      []*api.Pod
		container string
	}{
		"has no pods with the labels":                  {},
		"container server of pod redis-1 does not run": {pods: []*api.Pod{stopped}},
		"pod redis-0 has several containers: name":     {pods: []*api.Pod{theirPod("redis-0", "u0", "server", "metrics")}},
		"container other of pod redis-0 does not run":  {pods: []*api.Pod{theirPod("redis-0", "u0", "server", "metrics")}, container: "other"},
		"": {pods: []*api.Pod{named, ported}},
	} {
		s := kubetest.New(t)
		for _, p := range tc.pods {
			if _, err := s.Objects.CoreV1().Pods("shop").Create(t.Context(), p, api.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := followThem(t, s, tc.container).Running()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	c := &kube.Cluster{Client: kubetest.New(t).Client()}
	if _, err := Follow(t.Context(), TheirOptions{In: c, Namespace: "shop", Selector: "app in redis"}); err == nil || !strings.Contains(err.Error(), "cluster.attach.selector") {
		t.Errorf("a selector that is none: %v", err)
	}
}

// Only the pod that is meant is deleted: not one that was made meanwhile.
func TestTheirPodIsDeletedByUID(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t, theirPod("redis-1", "u1", "server"))
	found := followThem(t, s, "")
	pod, ok := found.Pod("redis-1")
	if !ok {
		t.Fatal("no pod")
	}
	other := pod
	other.UID = "u0"
	if err := found.DeletePod(t.Context(), other, new(time.Duration)); !api.IsConflict(err) || !errors.Is(err, ErrNotDone) {
		t.Errorf("another pod: %v", err)
	}
	if err := found.DeletePod(t.Context(), pod, new(time.Duration)); err != nil {
		t.Error(err)
	}
	if _, err := s.Objects.CoreV1().Pods("shop").Get(t.Context(), "redis-1", api.GetOptions{}); !api.IsNotFound(err) {
		t.Errorf("afterwards: %v", err)
	}
}

// Entries of Secrets are read, and what is missing is named.
func TestTheirSecrets(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t)
	secret := &api.Secret{ObjectMeta: api.ObjectMeta{Name: "redis", Namespace: "shop"}, Data: map[string][]byte{"password": []byte("s3cret")}}
	if _, err := s.Objects.CoreV1().Secrets("shop").Create(t.Context(), secret, api.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	found := followThem(t, s, "")
	if value, err := found.Secret(t.Context(), "redis", "password"); err != nil || string(value) != "s3cret" {
		t.Errorf("%q %v", value, err)
	}
	for _, tc := range [][3]string{{"redis", "pass", `Secret redis has no entry "pass"`}, {"other", "password", "reading Secret other"}} {
		if _, err := found.Secret(t.Context(), tc[0], tc[1]); err == nil || !strings.Contains(err.Error(), tc[2]) {
			t.Errorf("%v: %v", tc, err)
		}
	}
}

// A file outlives its pod if the nearest mount above it is of a volume that is kept.
func TestFilesThatOutliveAPod(t *testing.T) {
	t.Parallel()
	pod := theirPod("redis-0", "u0", "server")
	pod.Spec.Volumes = []api.Volume{
		{Name: "data", VolumeSource: api.VolumeSource{PersistentVolumeClaim: &api.ClaimVolumeSource{ClaimName: "data-redis-0"}}},
		{Name: "scratch", VolumeSource: api.VolumeSource{EmptyDir: &api.EmptyDirVolumeSource{}}},
	}
	pod.Spec.Containers[0].VolumeMounts = []api.VolumeMount{{Name: "data", MountPath: "/bitnami/redis/"}, {Name: "scratch", MountPath: "/bitnami/redis/tmp"}}
	is := podOf(pod, "server")
	for file, want := range map[string]bool{
		"/bitnami/redis/data/nodes.conf": true, "/bitnami/redis": true, "/bitnami/redis/tmp/x": false, "/bitnami/redistoo": false, "/data": false, "relative": false,
	} {
		if got := is.Outlives(file); got != want {
			t.Errorf("%s: %v", file, got)
		}
	}
}

// ownedPod is a pod of a controller.
func ownedPod(name, kind, version, revision string) *api.Pod {
	p := theirPod(name, "u-"+name, "server")
	yes := true
	p.OwnerReferences = []api.OwnerReference{{Kind: kind, APIVersion: version, Name: "redis", Controller: &yes}}
	p.Labels[api.ControllerRevisionHashLabelKey] = revision
	return p
}

// shopSet is the StatefulSet redis of two pods, with an update from revision r1 to r2 of those
// from the partition on.
func shopSet(partition int32) *api.StatefulSet {
	s := &api.StatefulSet{ObjectMeta: api.ObjectMeta{Name: "redis", Namespace: "shop"}}
	replicas := int32(2)
	s.Spec.Replicas = &replicas
	s.Spec.UpdateStrategy.RollingUpdate = &api.RollingUpdateStatefulSetStrategy{Partition: &partition}
	s.Status.CurrentRevision, s.Status.UpdateRevision = "r1", "r2"
	return s
}

// Only a pod that its controller makes again, under its name and from its template, may be
// deleted.
func TestPodsThatComeBack(t *testing.T) {
	t.Parallel()
	generated := ownedPod("redis-5f6d-x2x4c", "ReplicaSet", "apps/v1", "")
	generated.GenerateName = "redis-5f6d-"
	for name, tc := range map[string]struct {
		pod       *api.Pod
		partition int32
		want      string
	}{
		"bare":               {theirPod("redis-0", "u0", "server"), 0, "belongs to no controller"},
		"of a Deployment":    {generated, 0, "under another name"},
		"static":             {ownedPod("redis-0", "Node", "v1", ""), 0, "static pod"},
		"of an operator":     {ownedPod("redis-0", "InstanceSet", "workloads.kubeblocks.io/v1", ""), 0, ""},
		"updated":            {ownedPod("redis-1", "StatefulSet", "apps/v1", "r2"), 0, ""},
		"not updated":        {ownedPod("redis-1", "StatefulSet", "apps/v1", "r1"), 0, "its deletion would carry the update out"},
		"below a partition":  {ownedPod("redis-0", "StatefulSet", "apps/v1", "r1"), 1, ""},
		"beyond a partition": {ownedPod("redis-1", "StatefulSet", "apps/v1", "r1"), 1, "(revision r2, not r1)"},
		"scaled in":          {ownedPod("redis-2", "StatefulSet", "apps/v1", "r2"), 0, "no longer wants pod redis-2"},
	} {
		s := kubetest.New(t, tc.pod, shopSet(tc.partition))
		them := followThem(t, s, "")
		p, err := them.AwaitPod(t.Context(), tc.pod.Name, "the pod", func(Pod) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		err = them.Returns(t.Context(), p)
		if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := kubetest.New(t, ownedPod("redis-0", "StatefulSet", "apps/v1", "r1"))
	them := followThem(t, s, "")
	p, err := them.AwaitPod(t.Context(), "redis-0", "the pod", func(Pod) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if err := them.Returns(t.Context(), p); err == nil || !strings.Contains(err.Error(), "no longer exists") {
		t.Errorf("without its set: %v", err)
	}
}

// A deletion that the API server refuses surely did not take place.
func TestARefusedDeletion(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t, theirPod("redis-0", "u0", "server"))
	them := followThem(t, s, "")
	p, err := them.AwaitPod(t.Context(), "redis-0", "the pod", func(Pod) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		answer error
		want   bool
	}{"a webhook": {kubetest.Forbidden(), true}, "no answer": {errors.New("connection reset"), false}} {
		refusal := s.Objects.Refuse("delete", "pods", tc.answer)
		if err := them.DeletePod(t.Context(), p, nil); err == nil || errors.Is(err, ErrNotDone) != tc.want {
			t.Errorf("%s: %v", name, err)
		}
		refusal.End()
	}
}

// The exporter of the redis-operator of OT-CONTAINER-KIT declares its port, and the server
// beside it none; the names of the containers of leaders and followers differ.
func TestTheServerBesideAnExporter(t *testing.T) {
	t.Parallel()
	pod := func(name string, exporter int32) *api.Pod {
		p := theirPod(name, "u-"+name, name, "redis-exporter")
		if exporter > 0 {
			p.Spec.Containers[1].Ports = []api.ContainerPort{{ContainerPort: exporter}}
		}
		return p
	}
	them := followThem(t, kubetest.New(t, pod("shop-leader-0", 9121), pod("shop-follower-0", 9121)), "")
	running, err := them.Running()
	if err != nil || len(running) != 2 {
		t.Errorf("%v %v", running, err)
	}
	for _, p := range them.All() {
		if p.Container != p.Name {
			t.Errorf("the server of %s is container %q", p.Name, p.Container)
		}
	}
	if _, err := followThem(t, kubetest.New(t, pod("shop-leader-0", 0)), "").Running(); err == nil || !strings.Contains(err.Error(), "cluster.attach.container") {
		t.Errorf("two containers without ports: %v", err)
	}
	p := pod("shop-leader-0", 9121)
	p.Spec.Containers[0].Ports = []api.ContainerPort{{ContainerPort: 16379}}
	if _, err := followThem(t, kubetest.New(t, p), "").Running(); err == nil {
		t.Error("two containers with other ports are accepted")
	}
}

// Servers behind load balancers and the ports of machines announce other addresses than their
// pods have, and share a host.
func TestAnnouncedAddressesLeadToThePods(t *testing.T) {
	t.Parallel()
	s := kubetest.New(t, theirPod("redis-7", "u7", "server"), theirPod("redis-8", "u8", "server"))
	hello := greeter(t)
	s.Forward = func(pod string, _ int) (string, error) {
		if pod != "redis-8" {
			return "", errors.New(pod)
		}
		return hello, nil
	}
	them := followThem(t, s, "")
	if _, err := them.AwaitPod(t.Context(), "redis-8", "the pod", func(Pod) bool { return true }); err != nil {
		t.Fatal(err)
	}
	them.Announce("redis-7", "203.0.113.1:31007", "10.244.0.7:6379")
	them.Announce("redis-8", "203.0.113.1:31008", "lb-8.example.com:6379", "[2001:db8::8]:6379")
	for addr, want := range map[string]string{
		"203.0.113.1:31007": "redis-7", "203.0.113.1:31008": "redis-8", "lb-8.example.com:6379": "redis-8", "[2001:db8::8]:6379": "redis-8", "10.244.0.7:6379": "redis-7",
		"redis-8.shop.svc:6379": "redis-8", "203.0.113.1:31009": "", "lb-9.example.com:6379": "",
	} {
		if name, ok := them.Announced(addr); name != want && ok || ok != (want != "") {
			t.Errorf("%s is announced by %q", addr, name)
		}
		if want != "redis-8" {
			continue
		}
		conn, err := them.Dial(t.Context(), addr)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		conn.Close()
	}
}
