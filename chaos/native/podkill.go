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

// podKill deletes the pods of nodes; their StatefulSets make new ones, with new
// IPs, on the same volumes.
type podKill struct {
	Kube
	name   string
	spec   scenarios.Kill
	random *rand.Rand
	pods   []pods.Pod
	// away is how long the nodes are kept down, if spec says so.
	away time.Duration
	// struck are those that were hit, or may have been.
	struck []pods.Pod
}

func killPods() podFault {
	return podFault{kind: new(scenarios.Kill).Name(), action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		k := podKill{Kube: e, name: in.Name, spec: *in.Fault.Kill, away: in.Lasts, random: random}
		if k.spec.Scope == "container" {
			return &containerKill{k}
		}
		return &k
	}}
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
	return chaos.Choice{Targets: targets, Why: why, Deletes: k.spec.Scope != "container", Effect: chaos.Effect{Down: names(targets)}}, nil
}

// Limits include the grace that a pod is given.
func (k *podKill) Limits() (prove, heal time.Duration) {
	return podStopLimit + k.spec.Grace.Std(), podStopLimit + k.spec.Grace.Std()
}

// each does something to all pods at once.
func (k *podKill) each(do func(pods.Pod) error) error { return errors.Join(k.errors(do)...) }

// errors are those of each.
func (k *podKill) errors(do func(pods.Pod) error) []error {
	errs := make([]error, len(k.pods))
	var wg sync.WaitGroup
	for i, p := range k.pods {
		wg.Go(func() { errs[i] = do(p) })
	}
	wg.Wait()
	return errs
}

// hit reports whether a pod was hit, or may have been.
func (k *podKill) hit(p pods.Pod) bool {
	return slices.ContainsFunc(k.struck, func(s pods.Pod) bool { return s.UID == p.UID })
}

// keptBeyond is how long after its time a node starts by itself, if this program is
// killed before it lets it start.
const keptBeyond = 10 * time.Second

// keepDown has nodes stay down that are to be away, before they are hit.
func (k *podKill) keepDown(ctx context.Context) error {
	if k.spec.Away == nil {
		return nil
	}
	return k.each(func(p pods.Pod) error { return k.Cluster.KeepDown(ctx, p.Name, k.away+keptBeyond) })
}

// letStart ends keepDown, once the container of a node runs as ran wants it. The exec is
// tried again: a container that has just started does not always take it.
func (k *podKill) letStart(ctx context.Context, ran func(was, now pods.Pod) bool) error {
	if k.spec.Away == nil {
		return nil
	}
	return k.each(func(was pods.Pod) error {
		if _, err := k.Cluster.AwaitPod(ctx, was.Name, "a container of "+was.Name, func(now pods.Pod) bool {
			return now.Running && !now.Going && (!k.hit(was) || ran(was, now))
		}); err != nil {
			return err
		}
		return until(ctx, func(ctx context.Context) error { return k.Cluster.LetStart(ctx, was.Name) })
	})
}

// keptDown wants the nodes that are kept down to be down. back says whether the container
// of now is another than was.
func (k *podKill) keptDown(back func(was, now pods.Pod) bool) error {
	if k.spec.Away == nil {
		return nil
	}
	for _, was := range k.pods {
		if now, ok := k.Cluster.Pod(was.Name); ok && back(was, now) && now.Ready {
			return fmt.Errorf("%s is ready in pod %s, too early", was.Name, now.UID)
		}
	}
	return nil
}

// renewed says whether a pod is another one, restarted whether its container is.
func renewed(was, now pods.Pod) bool   { return now.UID != was.UID }
func restarted(was, now pods.Pod) bool { return now.Restarts > was.Restarts }

// strike hits all pods at once.
func (k *podKill) strike(ctx context.Context, hit func(pods.Pod) error) (time.Time, error) {
	if err := k.keepDown(ctx); err != nil {
		return time.Now(), err
	}
	at := time.Now()
	errs := k.errors(hit)
	k.struck = struck(k.pods, errs)
	return at, errors.Join(errs...)
}

// byMesh has them all hit by who acts instead.
func (k *podKill) byMesh(ctx context.Context) (time.Time, error) {
	if err := k.keepDown(ctx); err != nil {
		return time.Now(), err
	}
	at := time.Now()
	k.struck = k.pods
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
	return k.strike(ctx, func(p pods.Pod) error { return k.Cluster.DeletePod(ctx, p, grace) })
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

// InForce wants nodes that are kept down to be down.
func (k *podKill) InForce(context.Context) error { return k.keptDown(renewed) }

func (k *podKill) Heal(ctx context.Context) (string, error) {
	if err := k.letStart(ctx, renewed); err != nil {
		return "", err
	}
	var seen []string
	for _, p := range k.struck {
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
	return k.strike(ctx, func(p pods.Pod) error {
		return k.Cluster.Signal(ctx, p.Name, strings.TrimPrefix(k.spec.Signal, "SIG"))
	})
}

func (k *containerKill) Prove(ctx context.Context) (string, error) {
	var seen []string
	for _, p := range k.pods {
		// A container that ends again and again waits longer and longer for its restart:
		// that it has ended is proof enough.
		next, err := k.Cluster.AwaitPod(ctx, p.Name, "the end of the container of "+p.Name, func(n pods.Pod) bool {
			return n.UID != p.UID || n.Restarts > p.Restarts || n.Exit != "" && !n.Running
		})
		if err != nil {
			return "", err
		}
		if next.UID != p.UID {
			return "", fmt.Errorf("pod %s is another one (uid %s, not %s): more than its container has ended", p.Name, next.UID, p.UID)
		}
		seen = append(seen, fmt.Sprintf("the container of pod %s %s; uid %s, ip %s as before", p.Name, next.Exit, next.UID, next.IP))
	}
	return strings.Join(seen, "; "), nil
}

// InForce wants nodes that are kept down to be down.
func (k *containerKill) InForce(context.Context) error { return k.keptDown(restarted) }

func (k *containerKill) Heal(ctx context.Context) (string, error) {
	if err := k.letStart(ctx, restarted); err != nil {
		return "", err
	}
	var seen []string
	for _, p := range k.struck {
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
