package pods

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Options of a deployment.
type Options struct {
	// Namespace is where; it belongs to the run.
	Namespace *kube.Namespace
	Redis     scenarios.Redis
	// StorageClass is that of volumes where Redis names none; PullSecret is a
	// secret to pull images with.
	StorageClass, PullSecret string
	// Reserved is a machine for the generators alone; empty is none.
	Reserved string
	// Helpers are what faults put into the pods.
	Helpers HelperPlan
	// Inside means that this process runs in the cluster and reaches pods itself.
	Inside bool
	// Undo undoes the commands that a killed run left in force in a deployment that is
	// attached to.
	Undo []deployer.Undo
	// Logs is the folder of the nodes' logs; empty keeps none.
	Logs  string
	Clock results.Clock
	Emit  results.Emit
}

// Deployment is a cluster that runs.
type Deployment struct {
	*deployer.Cluster

	options   Options
	namespace *kube.Namespace
	pods      *pods
	logs      *logs

	mu sync.Mutex
	// cordoned are machines that this run may have to uncordon.
	cordoned []string
	// generators are those that were started beside it; nil before.
	generators *Generators
}

// lookEvery spares the API server: each look at a node goes through it and the
// kubelet, just when they are busy with the pods that are awaited.
const lookEvery = 250 * time.Millisecond

func newDeployment(o Options) *Deployment {
	d := &Deployment{options: o, namespace: o.Namespace, Cluster: &deployer.Cluster{Shards: o.Redis.Shards, LookEvery: lookEvery, Hostnames: o.Redis.Hostnames()}}
	d.Announced = d.announced
	if !o.Inside {
		d.Dialer = d.Dialer.Via(d.forward)
	}
	for n := range 1 + o.Redis.ReplicasPerShard {
		for shard := range o.Redis.Shards {
			name := NodeName(shard, n)
			d.Nodes = append(d.Nodes, deployer.Node{Name: name, Addr: fmt.Sprintf("%s.%s:%d", name, Name, port), Shard: shard})
		}
	}
	return d
}

// loginOf is the login of a deployment whose password is known.
func loginOf(r scenarios.Redis, password string) dial.Security {
	if r.Auth == nil {
		return dial.Security{Password: password}
	}
	return dial.Security{Username: r.Auth.User, Password: password}
}

func planOf(o Options, login dial.Security, certificates *deployer.Certificates) Plan {
	return Plan{
		Namespace: o.Namespace.Name, Redis: o.Redis, Labels: o.Namespace.DeployedLabels(), Owner: o.Namespace.Owner(),
		StorageClass: o.StorageClass, PullSecret: o.PullSecret, Reserved: o.Reserved, AssignsUsers: assignsUsers(o.Namespace),
		Login: login, Certificates: certificates,
	}
}

// assignsUsers reports whether the cluster of a namespace chooses the users of pods. One
// that is only planned has no cluster.
func assignsUsers(n *kube.Namespace) bool { return n.Cluster != nil && n.AssignsUsers }

// generatorsPlan is what generators have in common with the cluster. They belong
// to the run, which may not be the one that has deployed the cluster.
func generatorsPlan(o Options) Plan {
	return Plan{
		Namespace: o.Namespace.Name, Labels: o.Namespace.Labels(), Owner: o.Namespace.Owner(),
		PullSecret: o.PullSecret, Reserved: o.Reserved, AssignsUsers: assignsUsers(o.Namespace),
	}
}

// follow follows the pods and their logs.
func (d *Deployment) follow(ctx context.Context) (err error) {
	shards := map[string]int{}
	for _, n := range d.Nodes {
		shards[n.Name] = n.Shard
	}
	plan := Plan{Labels: d.namespace.DeployedLabels()}
	if d.pods, err = watchPods(ctx, labelled(d.namespace, plan.labels()), diary{d.options.Clock, d.options.Emit, shards}); err != nil {
		return err
	}
	d.logs = followLogs(d.pods, d.Nodes, d.options.Logs, time.Time{})
	return nil
}

func (d *Deployment) unfollow() {
	d.logs.close()
	d.pods.close()
}

// forward reaches a pod by way of the API server.
func (d *Deployment) forward(ctx context.Context, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	pod, err := d.pods.running(host)
	if err != nil {
		return nil, err
	}
	return d.namespace.Forward(ctx, d.namespace.Name, pod.Name, pod.UID+"/"+pod.ContainerID, port)
}

// announced names the node that has announced an address, now or before.
func (d *Deployment) announced(addr string) (string, bool) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", false
	}
	return d.pods.announced(host)
}

// obstacles finds what keeps this deployment from coming up.
func (d *Deployment) obstacles() *obstacles { return &obstacles{d.namespace, d.Shards} }

// Namespace is the name of the one that it is in.
func (d *Deployment) Namespace() string { return d.namespace.Name }

// Place is that namespace, with the cluster that it is in.
func (d *Deployment) Place() *kube.Namespace { return d.namespace }

// Redis is the cluster, and how to talk to it.
func (d *Deployment) Redis() *deployer.Cluster { return d.Cluster }

// Log opens what a node has written so far, in all of its pods.
func (d *Deployment) Log(ctx context.Context, node string) (io.ReadCloser, error) {
	return d.logs.open(ctx, node)
}

// Pod is a node's pod now.
func (d *Deployment) Pod(node string) (Pod, bool) { return d.pods.byHost(node) }

// AwaitPod waits until a node's pod is as ok wants it.
func (d *Deployment) AwaitPod(ctx context.Context, node, what string, ok func(Pod) bool) (Pod, error) {
	return d.pods.await(ctx, node, what, ok)
}

// AwaitGone waits until a pod no longer exists.
func (d *Deployment) AwaitGone(ctx context.Context, p Pod) error { return d.pods.awaitGone(ctx, p) }

// DeletePod deletes a node's pod, if it is still that one. A grace of 0 is by
// force: the API server forgets it at once.
func (d *Deployment) DeletePod(ctx context.Context, p Pod, grace *time.Duration) error {
	if err := d.namespace.Check(ctx); err != nil {
		return notDone(err)
	}
	return deletePod(ctx, d.namespace.Cluster, d.namespace.Name, p, grace)
}
