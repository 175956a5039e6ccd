package native

import (
	"context"
	"io"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Pods is what the engine needs of a deployment on Kubernetes.
type Pods interface {
	// Pod is a node's pod now.
	Pod(node string) (pods.Pod, bool)
	// AwaitPod waits until a node's pod is as ok wants it.
	AwaitPod(ctx context.Context, node, what string, ok func(pods.Pod) bool) (pods.Pod, error)
	// AwaitGone waits until a pod is gone.
	AwaitGone(ctx context.Context, p pods.Pod) error
	// DeletePod deletes a pod, with its own grace period if grace is nil.
	DeletePod(ctx context.Context, p pods.Pod, grace *time.Duration) error
	// Signal sends a signal (KILL, TERM) to a node's redis-server.
	Signal(ctx context.Context, node, signal string) error
	// KeepDown has a node stay down the next time that it starts, for limit at most, and
	// LetStart ends that.
	KeepDown(ctx context.Context, node string, limit time.Duration) error
	LetStart(ctx context.Context, node string) error
	// AwaitAnswer waits until a node answers PING.
	AwaitAnswer(ctx context.Context, node string) error
	// Evict asks for the eviction of a pod; refused is what the
	// PodDisruptionBudget says where it does not allow it now.
	Evict(ctx context.Context, p pods.Pod) (refused string, err error)
	// RunsOn are the pods of the cluster on a machine.
	RunsOn(machine string) []pods.Pod
	// CheckCordon reports whether a machine can be cordoned; Cordoned whether this
	// run has it cordoned.
	CheckCordon(ctx context.Context, machine string) error
	Cordon(ctx context.Context, machine string) error
	Cordoned(ctx context.Context, machine string) (bool, error)
	Uncordon(ctx context.Context, machine string) error
	// Awake reports whether Kubernetes takes a machine for ready, and Strangers are pods on
	// it that are neither of this run nor of Kubernetes itself.
	Awake(ctx context.Context, machine string) (bool, error)
	Strangers(ctx context.Context, machine string) ([]string, error)
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

// Machines breaks and mends machines of a Kubernetes cluster that slotstorm made.
type Machines interface {
	// Worker is the id of a machine that may be broken; the error says why it may not.
	Worker(ctx context.Context, name string) (id string, err error)
	// Break breaks a machine, for limit at most, also if this program ends. mend undoes it
	// at once; it may be called even if Break fails, unless it is nil.
	Break(ctx context.Context, m results.Broken, limit time.Duration) (mend func(context.Context) error, err error)
	// Broken is in which way a machine is broken: one of the actions, or empty.
	Broken(ctx context.Context, m results.Broken) (string, error)
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

// PodRule drops what pods send to other pods.
type PodRule struct {
	From, To []pods.Pod
}
