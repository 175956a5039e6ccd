package native

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Kube is the engine for pods.
type Kube struct {
	Cluster Pods
	Agents  *Agents
	Aim     chaos.Aim
	// Mesh acts for the faults with engine: chaosmesh; nil if there are none.
	Mesh Mesh
	// Machines are those that faults may break; nil where there are none.
	Machines Machines
	Clock    results.Clock
}

// running is the pod of a node, if it runs and is to stay.
func (e Kube) running(node string) (pods.Pod, error) {
	pod, ok := e.Cluster.Pod(node)
	if !ok || !pod.Running || pod.Going {
		return pods.Pod{}, fmt.Errorf("%s has no pod that runs", node)
	}
	return pod, nil
}

// process is the pod of a node that runs and is to stay, and the number that
// redis-server has in it.
func (e Kube) process(ctx context.Context, node string) (pods.Pod, int, error) {
	pod, err := e.running(node)
	if err != nil {
		return pods.Pod{}, 0, err
	}
	n, _ := e.Cluster.Redis().Node(node)
	pid, err := e.Cluster.Redis().PID(ctx, n)
	return pod, pid, err
}

// lives reports whether the container of redis-server in a pod is the one that it was.
func (e Kube) lives(p pods.Pod) bool {
	now, ok := e.Cluster.Pod(p.Name)
	return ok && now.UID == p.UID && now.ContainerID == p.ContainerID
}

// replaced waits until a node has another pod than p.
func (e Kube) replaced(ctx context.Context, p pods.Pod) (pods.Pod, error) {
	return e.Cluster.AwaitPod(ctx, p.Name, "another pod for "+p.Name, func(n pods.Pod) bool { return n.UID != p.UID && n.Machine != "" })
}

// succeeded waits until a node answers in another pod than p.
func (e Kube) succeeded(ctx context.Context, p pods.Pod) (pods.Pod, error) {
	next, err := e.Cluster.AwaitPod(ctx, p.Name, "the new pod of "+p.Name, func(n pods.Pod) bool { return n.UID != p.UID && n.Running })
	if err != nil {
		return pods.Pod{}, err
	}
	return next, e.Cluster.AwaitAnswer(ctx, p.Name)
}

// Needs is what faults need of pods.
type Needs struct {
	// Eyes are needed in the nodes' pods to send signals and to run beside
	// redis-server, Dials in all pods to see who reaches whom, Hands in all pods to
	// change their network.
	Eyes, Dials, Hands bool
}

// What a restart may take: a pod stops within its grace period, and a shard is
// through within shardLimit.
const (
	podStopLimit = time.Minute
	shardLimit   = 3 * time.Minute
)

// podFault is a kind of fault that this engine knows in pods.
type podFault struct {
	kind string
	// able says why a fault cannot be injected into pods on any cluster; nil is that
	// all can.
	able  func(scenarios.Fault) error
	needs Needs
	// action makes the action of an injection; nil where able always refuses.
	action func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action
}

// plus are the needs of both.
func (n Needs) plus(m Needs) Needs {
	return Needs{Eyes: n.Eyes || m.Eyes, Dials: n.Dials || m.Dials, Hands: n.Hands || m.Hands}
}
