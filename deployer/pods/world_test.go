package pods

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/clusters/kube/kubetest"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/results"
)

const testRun = "run-20261123T050000Z-ab12"

// place is a namespace of a run in an API server without pods that run.
func place(t *testing.T, objects ...runtime.Object) (*kube.Namespace, *kubetest.Server) {
	t.Helper()
	s := kubetest.New(t, objects...)
	c := &kube.Cluster{Config: s.Config, Client: s.Client(), Context: "kind-x", Version: "v1.34.3"}
	n, err := c.Take(t.Context(), kube.TakeOptions{RunID: testRun})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Leave)
	return n, s
}

// world is a Kubernetes cluster whose pods are processes of this machine: it does what
// the controller of StatefulSets and the kubelets do, with the scripts of the
// ConfigMap.
type world struct {
	t         *testing.T
	server    *kubetest.Server
	namespace *kube.Namespace
	root      string
	endpoints []local.Endpoint

	mu     sync.Mutex
	nodes  map[string]*podProcess // pod → what runs in it
	events []results.Event
	ended  bool
	// running are the containers that have not ended.
	running sync.WaitGroup
}

// podProcess is the container of a pod, and its volume.
type podProcess struct {
	uid      string
	endpoint local.Endpoint
	dir      string
	cmd      *exec.Cmd
	restarts int
	log      []string // lines
}

// newWorld has room for some pods.
func newWorld(t *testing.T, pods int, objects ...runtime.Object) *world {
	t.Helper()
	n, s := place(t, objects...)
	endpoints, err := local.Room{}.Endpoints(pods)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, server: s, namespace: n, root: t.TempDir(), endpoints: endpoints, nodes: map[string]*podProcess{}}
	s.Exec = w.exec
	s.Forward = func(pod string, _ int) (string, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.nodes[pod].endpoint.Addr(), nil
	}
	s.Log = w.readLog
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	w.watch(ctx, &watching)
	t.Cleanup(func() {
		stop()
		watching.Wait()
		w.mu.Lock()
		w.ended = true
		for _, p := range w.nodes {
			end(p.cmd)
		}
		w.mu.Unlock()
		w.running.Wait()
	})
	return w
}

// emit keeps an event.
func (w *world) emit(e results.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// happened lists the events of a kind and a node in words.
func (w *world) happened(kind, node string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for _, e := range w.events {
		if e.Kind == kind && e.Node == node {
			list = append(list, e.Message)
		}
	}
	return strings.Join(list, "; ")
}

// watch makes the pods of StatefulSets, and makes them anew when they are deleted.
func (w *world) watch(ctx context.Context, watching *sync.WaitGroup) {
	client, ns := w.server.Objects, w.namespace.Name
	sets, err := client.AppsV1().StatefulSets(ns).Watch(ctx, api.ListOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	pods, err := client.CoreV1().Pods(ns).Watch(ctx, api.ListOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	watching.Go(func() {
		defer sets.Stop()
		defer pods.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-sets.ResultChan():
				if set, ok := e.Object.(*api.StatefulSet); ok && e.Type == "ADDED" {
					for i := range *set.Spec.Replicas {
						w.makePod(ctx, set.Name, int(i))
					}
				}
			case e := <-pods.ResultChan():
				if pod, ok := e.Object.(*api.Pod); ok && e.Type == "DELETED" {
					w.losePod(ctx, pod)
				}
			}
		}
	})
}

// makePod makes a pod of a StatefulSet by its template of now.
func (w *world) makePod(ctx context.Context, set string, i int) {
	s, err := w.server.Objects.AppsV1().StatefulSets(w.namespace.Name).Get(ctx, set, api.GetOptions{})
	if err != nil {
		return // it is gone with its namespace
	}
	name := fmt.Sprintf("%s-%d", set, i)
	pod := &api.Pod{ObjectMeta: *s.Spec.Template.ObjectMeta.DeepCopy(), Spec: *s.Spec.Template.Spec.DeepCopy()}
	pod.Name, pod.Namespace, pod.Spec.NodeName = name, w.namespace.Name, fmt.Sprintf("machine-%d", i)
	pod.Labels[api.StatefulSetPodNameLabel] = name
	made, err := w.server.Objects.CoreV1().Pods(pod.Namespace).Create(ctx, pod, api.CreateOptions{})
	if err != nil {
		w.t.Errorf("making pod %s: %v", name, err)
		return
	}
	w.mu.Lock()
	p := w.nodes[name]
	if p == nil {
		p = &podProcess{endpoint: w.endpoints[len(w.nodes)], dir: filepath.Join(w.root, name)}
		w.nodes[name] = p
	}
	p.uid, p.restarts = string(made.UID), 0
	w.mu.Unlock()
	w.start(p, name, string(made.UID), nil)
}

// losePod ends what runs in a pod that was deleted, and makes it anew.
func (w *world) losePod(ctx context.Context, pod *api.Pod) {
	w.mu.Lock()
	p := w.nodes[pod.Name]
	if p == nil {
		w.mu.Unlock()
		return
	}
	p.uid = ""
	end(p.cmd)
	w.mu.Unlock()
	set, i, _ := strings.Cut(strings.TrimPrefix(pod.Name, "shard-"), "-")
	n, err := strconv.Atoi(i)
	if err != nil {
		w.t.Errorf("pod %s: %v", pod.Name, err)
		return
	}
	w.makePod(ctx, "shard-"+set, n)
}

// end ends a container with all that it has started.
func end(cmd *exec.Cmd) {
	if cmd != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
	}
}

// lines takes what a container writes, and stamps each line as Kubernetes does.
type lines struct {
	w *world
	p *podProcess
}

func (l lines) Write(b []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	for line := range strings.Lines(string(b)) {
		l.p.log = append(l.p.log, time.Now().UTC().Format(time.RFC3339Nano)+" "+line)
	}
	return len(b), nil
}

// readLog writes the log of a pod's container of now.
func (w *world) readLog(ctx context.Context, r kubetest.LogRequest, out io.Writer) error {
	w.mu.Lock()
	p := w.nodes[r.Pod]
	w.mu.Unlock()
	if p == nil {
		return errors.New("no such pod")
	}
	for sent := 0; ; time.Sleep(10 * time.Millisecond) {
		w.mu.Lock()
		text := strings.Join(p.log[min(sent, len(p.log)):], "")
		sent = len(p.log)
		w.mu.Unlock()
		if _, err := io.WriteString(out, text); err != nil || !r.Follow || ctx.Err() != nil {
			return nil
		}
	}
}

// place puts the paths of a container onto this machine.
func (w *world) placed(p *podProcess, text string) string {
	return strings.NewReplacer(configDir, p.dir+"/config", secretDir, p.dir+"/secret", dataDir+"/", p.dir+"/data/", dataDir+" ", p.dir+"/data ", "dir /data", "dir "+p.dir+"/data",
		"redis-cli", fmt.Sprintf("redis-cli -h %s -p %d", p.endpoint.Host, p.endpoint.Port)).Replace(text)
}

// start runs the start script of the ConfigMap in a pod's container; last is how it
// ended before.
func (w *world) start(p *podProcess, name, uid string, last *api.ContainerStateTerminated) {
	client, ctx := w.server.Objects.CoreV1(), context.Background()
	config, err := client.ConfigMaps(w.namespace.Name).Get(ctx, Name, api.GetOptions{})
	if err != nil {
		return // it is gone with its namespace
	}
	secret, err := client.Secrets(w.namespace.Name).Get(ctx, Name, api.GetOptions{})
	if err != nil {
		return
	}
	files := map[string]string{}
	for file, text := range config.Data {
		files["config/"+file] = w.placed(p, text)
	}
	for file, text := range secret.Data {
		files["secret/"+file] = string(text)
	}
	e := p.endpoint
	files["config/redis.conf"] = strings.ReplaceAll(files["config/redis.conf"], "port 6379", fmt.Sprintf("port %d", e.Port)) +
		fmt.Sprintf("\nbind %s\nbind-source-addr %s\n", e.Host, e.Host)
	for file, text := range files {
		path := filepath.Join(p.dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			w.t.Error(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			w.t.Error(err)
		}
	}
	if err := os.MkdirAll(p.dir+"/data", 0o755); err != nil {
		w.t.Error(err)
	}
	cmd := exec.Command("sh", p.dir+"/config/start.sh")
	cmd.Env = append(os.Environ(), "POD_NAME="+name, "POD_IP="+e.Host)
	cmd.Stdout, cmd.Dir = lines{w, p}, p.dir+"/data"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// What the script leaves behind keeps the output open.
	cmd.WaitDelay = 100 * time.Millisecond
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || p.uid != uid {
		return
	}
	end(p.cmd)
	if err := cmd.Start(); err != nil {
		w.t.Errorf("starting %s: %v", name, err)
		return
	}
	p.cmd = cmd
	w.running.Go(func() { w.supervise(p, name, uid, cmd) })
	w.report(p, name, last)
}

// supervise starts a container again whose pod is still there.
func (w *world) supervise(p *podProcess, name, uid string, cmd *exec.Cmd) {
	_ = cmd.Wait()
	end(cmd)
	w.mu.Lock()
	if w.ended || p.uid != uid {
		w.mu.Unlock()
		return
	}
	p.restarts++
	last := &api.ContainerStateTerminated{ExitCode: 137, Reason: "Error"}
	w.mu.Unlock()
	w.start(p, name, uid, last)
}

// report sets the status of a pod whose container runs.
func (w *world) report(p *podProcess, name string, last *api.ContainerStateTerminated) {
	pods := w.server.Objects.CoreV1().Pods(w.namespace.Name)
	pod, err := pods.Get(context.Background(), name, api.GetOptions{})
	if err != nil || string(pod.UID) != p.uid {
		return // it is deleted
	}
	pod.Status = api.PodStatus{Phase: "Running", PodIP: p.endpoint.Host, ContainerStatuses: []api.ContainerStatus{{
		Name: Container, Image: pod.Spec.Containers[0].Image, ImageID: "sha256:0f", Ready: true, RestartCount: int32(p.restarts),
		ContainerID: fmt.Sprintf("containerd://%s-%d", p.uid, p.restarts),
		State:       api.ContainerState{Running: &api.ContainerStateRunning{}}, LastTerminationState: api.ContainerState{Terminated: last},
	}}}
	if _, err := pods.UpdateStatus(context.Background(), pod, api.UpdateOptions{}); err != nil && !api.IsNotFound(err) {
		w.t.Errorf("the status of %s: %v", name, err)
	}
}

// exec runs a command in a pod's container.
func (w *world) exec(c kubetest.Command) error {
	w.mu.Lock()
	p := w.nodes[c.Pod]
	w.mu.Unlock()
	args := append([]string(nil), c.Args...)
	for i := range args {
		args[i] = w.placed(p, args[i])
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.In, c.Out, c.Errs
	if err := cmd.Run(); err != nil {
		return kubetest.Exit(cmd.ProcessState.ExitCode())
	}
	return nil
}
