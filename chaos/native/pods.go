package native

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Pods is what the engine needs of a deployment on Kubernetes.
type Pods interface {
	// Pod is a node's pod now.
	Pod(node string) (pods.Pod, bool)
	// AwaitPod waits until a node's pod is as ok wants it.
	AwaitPod(ctx context.Context, node, what string, ok func(pods.Pod) bool) (pods.Pod, error)
	// AwaitGone waits until a pod is there no more.
	AwaitGone(ctx context.Context, p pods.Pod) error
	// DeletePod deletes a pod, with its own grace period if grace is nil.
	DeletePod(ctx context.Context, p pods.Pod, grace *time.Duration) error
	// Signal sends a signal (KILL, TERM) to a node's redis-server.
	Signal(ctx context.Context, node, signal string) error
	// AwaitAnswer waits until a node answers PING.
	AwaitAnswer(ctx context.Context, node string) error
	// Evict asks for the eviction of a pod; refused is what the
	// PodDisruptionBudget says where it does not allow it now.
	Evict(ctx context.Context, p pods.Pod) (refused string, err error)
	// RunsOn are the pods of the cluster on a machine.
	RunsOn(machine string) []pods.Pod
	// CheckCordon tells whether a machine can be cordoned; Cordoned whether this
	// run has it cordoned.
	CheckCordon(ctx context.Context, machine string) error
	Cordon(ctx context.Context, machine string) error
	Cordoned(ctx context.Context, machine string) (bool, error)
	Uncordon(ctx context.Context, machine string) error
	// Roll has the StatefulSet of a shard replace its pods one by one.
	Roll(ctx context.Context, shard int) error
	// GeneratorPod is the pod of a generator now.
	GeneratorPod(index int) (pods.Pod, error)
	// Help has a helper in a pod, and Session runs its program, and is connected
	// to it.
	Help(ctx context.Context, p pods.Pod, h pods.Helper) error
	Session(ctx context.Context, p pods.Pod, h pods.Helper) (io.ReadWriteCloser, error)
	// SessionInside runs it in the container of redis-server; pid is a process of a
	// helper in the pod.
	SessionInside(ctx context.Context, p pods.Pod, pid int) (io.ReadWriteCloser, error)
	// Redis is the cluster, and how to talk to it.
	Redis() *deployer.Cluster
}

// Mesh is what acts on pods in place of this program, where a fault asks for it.
// Targets, proofs and healing are the same.
type Mesh interface {
	// Kill deletes pods, or ends the container of redis-server in each.
	Kill(ctx context.Context, fault string, pods []pods.Pod, how scenarios.Kill) error
	// Cut puts rules in force under the name of a fault, for limit at most.
	Cut(ctx context.Context, fault string, rules []PodRule, limit time.Duration) error
	// Mend ends what was done under the name of a fault.
	Mend(ctx context.Context, fault string) error
}

// Kube is the engine for pods.
type Kube struct {
	Cluster Pods
	Agents  *Agents
	Aim     chaos.Aim
	// Mesh acts for the faults with engine: chaosmesh; nil if there are none.
	Mesh Mesh
}

// Action makes the action of an injection.
func (e Kube) Action(in chaos.Injection) (chaos.Action, error) {
	random := rand.New(rand.NewPCG(in.Seed, 0))
	if in.Fault.Engine != "chaosmesh" {
		e.Mesh = nil
	}
	switch f := in.Fault; {
	case f.Kill != nil && f.Kill.Scope == "container":
		return &containerKill{podKill{Kube: e, name: in.Name, spec: *f.Kill, random: random}}, nil
	case f.Kill != nil:
		return &podKill{Kube: e, name: in.Name, spec: *f.Kill, random: random}, nil
	case f.Drain != nil:
		return &drain{Kube: e, spec: *f.Drain, random: random}, nil
	case f.Restart != nil:
		return &restart{Kube: e, spec: *f.Restart, random: random}, nil
	case f.Pause != nil:
		return &podPause{Kube: e, spec: *f.Pause, random: random, limit: f.Duration.Std() + afterwards}, nil
	case f.CPU != nil:
		return &podCPU{podPressure: podPressure{Kube: e, target: f.CPU.Target, random: random, limit: f.Duration.Std() + afterwards}, workers: f.CPU.Workers}, nil
	case f.Memory != nil:
		return &podMemory{podPressure: podPressure{Kube: e, target: f.Memory.Target, random: random, limit: f.Duration.Std() + afterwards}, spec: *f.Memory}, nil
	case f.Partition != nil, f.Isolate != nil:
		n := &podNetwork{agents: e.Agents, helper: pods.Hands, mesh: e.Mesh, pods: map[string]pods.Pod{}}
		if n.mesh != nil {
			n.helper = pods.Eyes
		}
		return newPartition(n, e.Aim, in, random), nil
	case f.Failover != nil:
		return &failover{aim: e.Aim, cluster: e.Cluster.Redis(), spec: *f.Failover, random: random}, nil
	}
	return nil, fmt.Errorf("fault %s: it cannot be injected on Kubernetes yet", in.Name)
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

// lives tells whether the container of redis-server in a pod is the one that it was.
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

// podKill deletes the pods of nodes; their StatefulSets make new ones, with new
// IPs, on the same volumes.
type podKill struct {
	Kube
	name   string
	spec   scenarios.Kill
	random *rand.Rand
	pods   []pods.Pod
	// struck is how many were hit.
	struck int
}

func (k *podKill) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := k.Aim.Choose(roles, k.spec.Target, k.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	for _, node := range names(targets) {
		pod, err := k.running(node)
		if err != nil {
			return chaos.Choice{}, err
		}
		k.pods = append(k.pods, pod)
	}
	return chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Down: names(targets)}}, nil
}

// Limits include the grace that a pod is given.
func (k *podKill) Limits() (prove, heal time.Duration) {
	return podStopLimit + k.spec.Grace.Std(), podStopLimit + k.spec.Grace.Std()
}

// strike hits all pods at once.
func (k *podKill) strike(hit func(pods.Pod) error) (time.Time, error) {
	errs := make([]error, len(k.pods))
	var wg sync.WaitGroup
	at := time.Now()
	for i, p := range k.pods {
		wg.Go(func() { errs[i] = hit(p) })
	}
	wg.Wait()
	k.struck = len(k.pods)
	for _, err := range errs {
		if err != nil {
			return at, err
		}
	}
	return at, nil
}

// byMesh has them all hit by who acts instead.
func (k *podKill) byMesh(ctx context.Context) (time.Time, error) {
	at := time.Now()
	k.struck = len(k.pods)
	return at, k.Mesh.Kill(ctx, k.name, k.pods, k.spec)
}

// mended forgets what was done under the fault's name.
func (k *podKill) mended(ctx context.Context) error {
	if k.Mesh == nil {
		return nil
	}
	return k.Mesh.Mend(ctx, k.name)
}

func (k *podKill) Inject(ctx context.Context) (time.Time, error) {
	if k.Mesh != nil {
		return k.byMesh(ctx)
	}
	var grace *time.Duration
	if k.spec.Signal == "SIGKILL" {
		grace = new(time.Duration)
	} else if g := k.spec.Grace.Std(); g > 0 {
		grace = &g
	}
	return k.strike(func(p pods.Pod) error { return k.Cluster.DeletePod(ctx, p, grace) })
}

func (k *podKill) Prove(ctx context.Context) (string, error) {
	var seen []string
	for _, p := range k.pods {
		next, err := k.replaced(ctx, p)
		if err != nil {
			return "", err
		}
		seen = append(seen, fmt.Sprintf("pod %s is another one: uid %s, not %s", p.Name, next.UID, p.UID))
	}
	return strings.Join(seen, "; "), nil
}

func (k *podKill) Heal(ctx context.Context) (string, error) {
	var seen []string
	for _, p := range k.pods[:k.struck] {
		next, err := k.succeeded(ctx, p)
		if err != nil {
			return "", err
		}
		seen = append(seen, fmt.Sprintf("%s is back at %s, not %s", p.Name, next.IP, p.IP))
	}
	return strings.Join(seen, "; "), k.mended(ctx)
}

// containerKill sends a signal to redis-server; the kubelet starts it again in
// the same pod, with the same IP.
type containerKill struct{ podKill }

func (k *containerKill) Inject(ctx context.Context) (time.Time, error) {
	if k.Mesh != nil {
		return k.byMesh(ctx)
	}
	return k.strike(func(p pods.Pod) error {
		return k.Cluster.Signal(ctx, p.Name, strings.TrimPrefix(k.spec.Signal, "SIG"))
	})
}

func (k *containerKill) Prove(ctx context.Context) (string, error) {
	var seen []string
	for _, p := range k.pods {
		next, err := k.Cluster.AwaitPod(ctx, p.Name, "a restart of the container of "+p.Name, func(n pods.Pod) bool { return n.UID != p.UID || n.Restarts > p.Restarts })
		if err != nil {
			return "", err
		}
		if next.UID != p.UID {
			return "", fmt.Errorf("pod %s is another one (uid %s, not %s): more than its container has ended", p.Name, next.UID, p.UID)
		}
		seen = append(seen, fmt.Sprintf("the container of pod %s %s; restart %d of uid %s, ip %s as before", p.Name, next.Exit, next.Restarts, next.UID, next.IP))
	}
	return strings.Join(seen, "; "), nil
}

func (k *containerKill) Heal(ctx context.Context) (string, error) {
	var seen []string
	for _, p := range k.pods[:k.struck] {
		next, err := k.Cluster.AwaitPod(ctx, p.Name, "the container of "+p.Name, func(n pods.Pod) bool { return n.Running && n.Restarts > p.Restarts })
		if err != nil {
			return "", err
		}
		if err := k.Cluster.AwaitAnswer(ctx, p.Name); err != nil {
			return "", err
		}
		seen = append(seen, fmt.Sprintf("%s is back in its pod, after %d restarts", p.Name, next.Restarts))
	}
	return strings.Join(seen, "; "), k.mended(ctx)
}
