package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// TheirPods is what the engine needs of pods that slotstorm did not deploy.
type TheirPods interface {
	// Pod is a node's pod now.
	Pod(node string) (pods.Pod, bool)
	// AwaitPod waits until a node's pod is as ok wants it.
	AwaitPod(ctx context.Context, node, what string, ok func(pods.Pod) bool) (pods.Pod, error)
	// DeletePod deletes a pod if it is still that one, with its own grace period if grace is
	// nil.
	DeletePod(ctx context.Context, p pods.Pod, grace *time.Duration) error
	// Returns refuses a pod that no controller would make again as it is.
	Returns(ctx context.Context, p pods.Pod) error
}

// theirs are the nodes of a cluster that slotstorm did not deploy.
type theirs struct {
	cluster *deployer.Cluster
	aim     chaos.Aim
	pods    TheirPods
	// lastCopy permits faults to take the last node of a shard that is in sync.
	lastCopy bool
	// config is the configuration of each node; empty where CONFIG is refused.
	config map[string]map[string]string
	// nodeTimeout is the cluster-node-timeout of a node whose configuration does not say it.
	nodeTimeout time.Duration
}

// spares refuses targets without which a shard has no node that is in sync. Nodes that are
// about to be gone hold no copy, though they may still answer.
func (c theirs) spares(roles []deployer.Role, targets []chaos.Target, leaving []string) error {
	if c.lastCopy {
		return nil
	}
	hit := append(names(targets), leaving...)
	for _, t := range targets {
		if !slices.ContainsFunc(roles, func(r deployer.Role) bool {
			return r.Node.Shard == t.Shard && (r.Primary || r.LinkUp) && !slices.Contains(hit, r.Node.Name)
		}) {
			return fmt.Errorf("%s is the last node of shard %d that is in sync: its data can be lost for good; cluster.attach.allowLastCopy permits that", t.Node, t.Shard)
		}
	}
	return nil
}

// theirKill deletes pods that their owner makes anew. A node that is to be away is kept down
// by the deletion of each pod that follows: that ends with this process, and writes nothing
// into what the owner has made.
type theirKill struct {
	theirs
	heed
	spec   scenarios.Kill
	random *rand.Rand
	// away is how long the nodes are kept down, if spec says so.
	away    time.Duration
	victims []pods.Pod
	// struck are those that were hit, or may have been.
	struck []pods.Pod
	// roles and targets are those of the check.
	roles   []deployer.Role
	targets []chaos.Target
	// empty are the shards whose primary comes back without its data, by its name.
	empty map[string]int

	// until is when the nodes are no longer kept down.
	until   time.Time
	release context.CancelFunc
	held    sync.WaitGroup
	mu      sync.Mutex
	// again counts the pods that followed and were deleted; failed is why one was not.
	again  int
	failed error
}

// holdEvery is the distance of two looks at whether a node that is kept down has another pod.
// A pod takes longer than that to start a container.
const holdEvery = 250 * time.Millisecond

func (k *theirKill) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := k.aim.Choose(roles, k.spec.Target, k.random)
	if err == nil {
		err = k.spares(roles, targets, k.leaving(roles))
	}
	if err != nil {
		return chaos.Choice{}, err
	}
	k.roles, k.targets = roles, targets
	for _, node := range names(targets) {
		pod, ok := k.pods.Pod(node)
		if !ok || !pod.Running || pod.Going {
			return chaos.Choice{}, fmt.Errorf("%s has no pod that runs", node)
		}
		if err := k.pods.Returns(ctx, pod); err != nil {
			return chaos.Choice{}, err
		}
		k.victims = append(k.victims, pod)
	}
	if err := k.outlived(roles, targets); err != nil {
		return chaos.Choice{}, err
	}
	return chaos.Choice{Targets: targets, Why: why, Deletes: true, Effect: chaos.Effect{Down: names(targets)}}, nil
}

// leaving are the nodes whose pod is being deleted or gone, or that another fault has down.
func (k *theirKill) leaving(roles []deployer.Role) []string {
	var leaving []string
	if k.others != nil {
		for _, e := range k.others() {
			leaving = append(append(leaving, e.Down...), e.Unsure...)
		}
	}
	for _, r := range roles {
		if pod, ok := k.pods.Pod(r.Node.Name); !ok || pod.Going {
			leaving = append(leaving, r.Node.Name)
		}
	}
	return leaving
}

// outlived refuses primaries whose data would be lost with their pods: one that is back as
// the same node, without its data, before another has taken over stays primary, and its
// replicas copy the emptiness. Being away for long enough gives the shard to a replica.
func (k *theirKill) outlived(roles []deployer.Role, targets []chaos.Target) error {
	if k.lastCopy {
		return nil
	}
	k.empty = map[string]int{}
	down := append(names(targets), k.leaving(roles)...)
	for _, r := range roles {
		i := slices.IndexFunc(k.victims, func(p pods.Pod) bool { return p.Name == r.Node.Name })
		if i < 0 || !r.Primary {
			continue
		}
		why := forgets(k.config[r.Node.Name], k.victims[i], k.spec.Signal)
		switch needed := takeoverLimit(k.nodeTimeout, k.config); {
		case why == "":
		case k.spec.Away == nil || k.away < needed:
			return fmt.Errorf("%s can be back as the same node without its data (%s) before a replica takes over, and its replicas would copy that: its data can be lost for good; set kill.away to %v or more, or cluster.attach.allowLastCopy permits that", r.Node.Name, why, needed)
		case !electable(roles, down, r.Node.Shard, k.config):
			return fmt.Errorf("%s comes back as the same node without its data (%s), and no other node can take over shard %d meanwhile: its data can be lost for good; cluster.attach.allowLastCopy permits that", r.Node.Name, why, r.Node.Shard)
		default:
			k.empty[r.Node.Name] = r.Node.Shard
		}
	}
	return nil
}

// Limits include the grace that a pod is given, and the rest of the time for which nodes are
// kept down that come back without their data.
func (k *theirKill) Limits() (prove, heal time.Duration) {
	prove = podStopLimit + k.spec.Grace.Std()
	heal = prove
	if len(k.empty) > 0 {
		heal += max(0, time.Until(k.until))
	}
	return prove, heal
}

// shortest is the shortest grace period after which the process has ended when the API server
// forgets the pod. With 0 it forgets the pod at once, and the kubelet gives the process the
// whole terminationGracePeriodSeconds of the pod, beside the pod that follows on the same
// volume. Source: calculateEffectiveGracePeriod in pkg/kubelet/pod_workers.go of Kubernetes.
func shortest() *time.Duration {
	second := time.Second
	return &second
}

func (k *theirKill) Inject(ctx context.Context) (time.Time, error) {
	// Since the check, another fault or the owner may have taken a node.
	if err := k.spares(k.roles, k.targets, k.leaving(k.roles)); err != nil {
		return time.Now(), err
	}
	var grace *time.Duration
	if k.spec.Signal == "SIGKILL" {
		grace = shortest()
	} else if g := k.spec.Grace.Std(); g > 0 {
		grace = &g
	}
	holding, release := context.WithCancel(context.Background())
	k.release = release
	at := time.Now()
	k.until = at.Add(k.away)
	errs := make([]error, len(k.victims))
	var wg sync.WaitGroup
	for i, p := range k.victims {
		one, spare := context.WithCancel(holding)
		wg.Go(func() {
			if errs[i] = k.pods.DeletePod(ctx, p, grace); errors.Is(errs[i], pods.ErrNotDone) {
				spare()
			}
		})
		k.held.Go(func() {
			defer spare()
			if k.spec.Away != nil {
				k.hold(one, p)
			}
		})
	}
	wg.Wait()
	k.struck = struck(k.victims, errs)
	for i, p := range k.victims {
		if errors.Is(errs[i], pods.ErrNotDone) {
			delete(k.empty, p.Name)
		}
	}
	return at, errors.Join(errs...)
}

// struck are those of some pods that were hit or may have been, by the error of each.
func struck(all []pods.Pod, errs []error) []pods.Pod {
	var hit []pods.Pod
	for i, p := range all {
		if !errors.Is(errs[i], pods.ErrNotDone) {
			hit = append(hit, p)
		}
	}
	return hit
}

// hold deletes each pod that follows one, until the context ends or the time is over.
func (k *theirKill) hold(ctx context.Context, p pods.Pod) {
	ctx, cancel := context.WithTimeout(ctx, k.away)
	defer cancel()
	t := time.NewTicker(holdEvery)
	defer t.Stop()
	for last := p.UID; ; {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		now, ok := k.pods.Pod(p.Name)
		if !ok || now.UID == last || now.Going {
			continue
		}
		err := k.pods.DeletePod(ctx, now, shortest())
		k.mu.Lock()
		if err == nil {
			last = now.UID
			k.again++
		} else if ctx.Err() == nil {
			k.failed = err
		}
		k.mu.Unlock()
	}
}

// Prove wants each pod to be gone, or another one to have its name.
func (k *theirKill) Prove(ctx context.Context) (string, error) {
	var seen []string
	for _, was := range k.victims {
		err := until(ctx, func(context.Context) error {
			if now, ok := k.pods.Pod(was.Name); ok && now.UID == was.UID {
				return fmt.Errorf("pod %s still exists, uid %s", was.Name, was.UID)
			}
			return nil
		})
		if err != nil {
			return "", err
		}
		seen = append(seen, fmt.Sprintf("pod %s with uid %s no longer exists", was.Name, was.UID))
	}
	return strings.Join(seen, "; "), nil
}

// InForce wants nodes that are kept down to be down.
func (k *theirKill) InForce(context.Context) error {
	if k.spec.Away == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, was := range k.victims {
		if now, ok := k.pods.Pod(was.Name); ok && now.UID != was.UID && now.Ready {
			return errors.Join(fmt.Errorf("%s is ready in pod %s, too early", was.Name, now.UID), k.failed)
		}
	}
	return nil
}

// takenOver waits, while nodes are kept down, until another node serves the shard of each
// that comes back without its data. A run that is interrupted heals early.
func (k *theirKill) takenOver(ctx context.Context) {
	ctx, cancel := context.WithDeadline(ctx, k.until)
	defer cancel()
	// With the end of the time the pods come back in any case.
	_ = untilEvery(ctx, holdEvery, func(ctx context.Context) error {
		roles := k.cluster.Roles(ctx)
		for name, shard := range k.empty {
			if !slices.ContainsFunc(roles, func(r deployer.Role) bool { return r.Primary && r.Node.Shard == shard && r.Node.Name != name }) {
				return fmt.Errorf("shard %d is not taken over", shard)
			}
		}
		return nil
	})
}

// Heal stops to keep nodes down, and waits until each answers in another pod.
func (k *theirKill) Heal(ctx context.Context) (string, error) {
	if k.release != nil {
		if len(k.empty) > 0 {
			k.takenOver(ctx)
		}
		k.release()
		k.held.Wait()
	}
	var seen []string
	for _, was := range k.struck {
		next, err := k.pods.AwaitPod(ctx, was.Name, "another pod for "+was.Name, func(n pods.Pod) bool { return n.UID != was.UID && n.Running && !n.Going })
		if err != nil {
			return "", err
		}
		n, _ := k.cluster.Node(was.Name)
		if err := k.cluster.AwaitPing(ctx, n); err != nil {
			return "", err
		}
		seen = append(seen, fmt.Sprintf("%s is back at %s, not %s", was.Name, next.IP, was.IP))
	}
	if k.again > 0 {
		seen = append(seen, fmt.Sprintf("%d pods that its owner had made meanwhile were deleted", k.again))
	}
	return strings.Join(seen, "; "), nil
}
