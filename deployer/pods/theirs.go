package pods

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
)

// TheirOptions name pods that slotstorm did not make, and the way to them.
type TheirOptions struct {
	In *kube.Cluster
	// Container may be empty: see containerOf.
	Namespace, Selector, Container string
	// Port is that of the server in each pod.
	Port int
	// Direct dials the pods' addresses; otherwise connections go by way of the API server.
	Direct bool
	Clock  results.Clock
}

// Theirs are the pods of a cluster that slotstorm did not deploy. It reads, and deletes
// single pods: their owner makes others.
type Theirs struct {
	options TheirOptions
	pods    *pods
	logs    *logs

	mu sync.Mutex
	// known are the addresses, HOST:PORT, that nodes announce and that their pods do not have:
	// those of load balancers and machines.
	known map[string]string
}

// Follow follows the pods until Close.
func Follow(ctx context.Context, o TheirOptions) (*Theirs, error) {
	if _, err := labels.Parse(o.Selector); err != nil {
		return nil, fmt.Errorf("cluster.attach.selector: %w", err)
	}
	p, err := watchPods(ctx, followed{in: o.In, namespace: o.Namespace, selector: o.Selector, container: o.Container, port: o.Port}, diary{clock: o.Clock})
	if err != nil {
		return nil, err
	}
	return &Theirs{options: o, pods: p, logs: followLogs(p, nil, "", time.Time{}), known: map[string]string{}}, nil
}

// Close ends following.
func (t *Theirs) Close() {
	t.logs.close()
	t.pods.close()
}

// All are the pods that exist now, by name.
func (t *Theirs) All() []Pod {
	t.pods.mu.Lock()
	defer t.pods.mu.Unlock()
	var list []Pod
	for _, p := range t.pods.now {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Pod) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Running are the addresses of those that run, by the names of the pods: NAME:PORT, to be
// dialled with Dial. An error names a pod whose container is not known, or that does not run.
func (t *Theirs) Running() (map[string]string, error) {
	list := map[string]string{}
	for _, p := range t.All() {
		switch {
		case p.Ended:
		case p.Container == "":
			return nil, fmt.Errorf("pod %s has several containers: name the one that runs the server in cluster.attach.container", p.Name)
		case !p.Running:
			return nil, fmt.Errorf("container %s of pod %s does not run", p.Container, p.Name)
		default:
			list[p.Name] = net.JoinHostPort(p.Name, strconv.Itoa(t.options.Port))
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("namespace %s has no pods with the labels %q", t.options.Namespace, t.options.Selector)
	}
	return list, nil
}

// Announce keeps the addresses, HOST:PORT, that the server in a pod announces. The pod's own
// address is not kept: the next pod has another one.
func (t *Theirs) Announce(pod string, addrs ...string) {
	is, _ := t.pods.byHost(pod)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, addr := range addrs {
		if host, _, err := net.SplitHostPort(addr); err == nil && host != is.IP && host != pod {
			t.known[addr] = pod
		}
	}
}

// host is what the pods are looked up by: the pod that announces an address, or else the host
// in it.
func (t *Theirs) host(addr string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if pod, ok := t.known[addr]; ok {
		return pod, nil
	}
	host, _, err := net.SplitHostPort(addr)
	return host, err
}

// Dial opens a connection to the server of a pod: addr is one that it announces, or its host
// is the name of a pod, a name that begins with that, or an address that a pod has.
func (t *Theirs) Dial(ctx context.Context, addr string) (net.Conn, error) {
	host, err := t.host(addr)
	if err != nil {
		return nil, err
	}
	pod, err := t.pods.running(host)
	if err != nil {
		return nil, err
	}
	if t.options.Direct {
		return dial.Dialer{}.Dial(ctx, net.JoinHostPort(pod.IP, strconv.Itoa(t.options.Port)))
	}
	return t.options.In.Forward(ctx, t.options.Namespace, pod.Name, pod.UID+"/"+pod.ContainerID, t.options.Port)
}

// Announced names the pod that has, or had, an address.
func (t *Theirs) Announced(addr string) (string, bool) {
	host, err := t.host(addr)
	if err != nil {
		return "", false
	}
	if net.ParseIP(host) == nil {
		name := firstLabel(host)
		return name, t.pods.existed(name)
	}
	return t.pods.announced(host)
}

// Record begins to emit what happens to the pods of nodes, and to copy what they write into
// a folder; an empty one keeps nothing. It may be called once.
func (t *Theirs) Record(nodes []deployer.Node, logs string, emit results.Emit) {
	shards := map[string]int{}
	for _, n := range nodes {
		shards[n.Name] = n.Shard
	}
	t.pods.mu.Lock()
	t.pods.diary = diary{t.options.Clock, emit, shards}
	t.pods.mu.Unlock()
	t.logs = followLogs(t.pods, nodes, logs, t.options.Clock.Start)
}

// Log opens what a node has written since Record, in all of its pods.
func (t *Theirs) Log(ctx context.Context, node string) (io.ReadCloser, error) {
	return t.logs.open(ctx, node)
}

// Secret reads an entry of a Secret.
func (t *Theirs) Secret(ctx context.Context, name, key string) ([]byte, error) {
	s, err := t.options.In.Client.CoreV1().Secrets(t.options.Namespace).Get(ctx, name, api.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading Secret %s: %w", name, err)
	}
	value, ok := s.Data[key]
	if !ok || len(value) == 0 {
		return nil, fmt.Errorf("Secret %s has no entry %q", name, key)
	}
	return value, nil
}

// Pod is a node's pod now.
func (t *Theirs) Pod(node string) (Pod, bool) { return t.pods.byHost(node) }

// AwaitPod waits until a node's pod is as ok wants it.
func (t *Theirs) AwaitPod(ctx context.Context, node, what string, ok func(Pod) bool) (Pod, error) {
	return t.pods.await(ctx, node, what, ok)
}

// AwaitGone waits until a pod no longer exists.
func (t *Theirs) AwaitGone(ctx context.Context, p Pod) error { return t.pods.awaitGone(ctx, p) }

// DeletePod deletes a node's pod, if it is still that one. A grace of 0 is by force: the API
// server forgets it at once.
func (t *Theirs) DeletePod(ctx context.Context, p Pod, grace *time.Duration) error {
	return deletePod(ctx, t.options.In, t.options.Namespace, p, grace)
}

// Facts are what is known of the place.
func (t *Theirs) Facts() *results.Kubernetes {
	return &results.Kubernetes{Context: t.options.In.Context, Version: t.options.In.Version, Namespace: t.options.Namespace, Pods: t.pods.seen()}
}
