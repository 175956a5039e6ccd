package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// drain takes the machines of nodes out of service: cordon, then evictions, each
// as soon as the budget allows it.
type drain struct {
	Kube
	evictions
	spec     scenarios.Drain
	random   *rand.Rand
	machines []string
	// first are the pods of the targets.
	first []pods.Pod
	// cordoned counts the machines that Inject came to.
	cordoned int

	end  context.CancelFunc
	done chan struct{}
}

func drainNode() podFault {
	return podFault{kind: new(scenarios.Drain).Name(), action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &drain{Kube: e, spec: *in.Fault.Drain, random: random}
	}}
}

// Limits give a pod the time to stop.
func (a *drain) Limits() (prove, heal time.Duration) { return podStopLimit, podStopLimit }

// evictEvery is the distance of two tries to evict.
const evictEvery = time.Second

func (a *drain) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := a.Aim.Choose(roles, a.spec.Target, a.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	for _, node := range names(targets) {
		pod, err := a.running(node)
		if err != nil {
			return chaos.Choice{}, err
		}
		a.first = append(a.first, pod)
		if slices.Contains(a.machines, pod.Machine) {
			continue
		}
		if err := a.Cluster.CheckCordon(ctx, pod.Machine); err != nil {
			return chaos.Choice{}, err
		}
		a.machines = append(a.machines, pod.Machine)
	}
	why = fmt.Sprintf("%s, with %s", why, strings.Join(a.machines, ", "))
	return chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Down: names(targets)}}, nil
}

func (a *drain) Inject(ctx context.Context) (time.Time, error) {
	at := time.Now()
	for _, m := range a.machines {
		a.cordoned++
		if err := a.Cluster.Cordon(ctx, m); err != nil {
			return at, err
		}
	}
	evicting, end := context.WithCancel(ctx)
	a.end, a.done = end, make(chan struct{})
	go func() {
		defer close(a.done)
		a.evict(evicting)
	}()
	return at, nil
}

// evict asks for evictions, the targets' first, until none of the cluster's pods
// is left on the machines.
func (a *drain) evict(ctx context.Context) {
	t := time.NewTicker(evictEvery)
	defer t.Stop()
	for {
		left := slices.Clone(a.first)
		for _, m := range a.machines {
			left = append(left, a.Cluster.RunsOn(m)...)
		}
		seen := map[string]bool{}
		for _, p := range left {
			now, ok := a.Cluster.Pod(p.Name)
			if seen[p.UID] || !ok || now.UID != p.UID || now.Going {
				continue
			}
			seen[p.UID] = true
			a.ask(ctx, a.Cluster, p)
			if ctx.Err() != nil {
				return
			}
		}
		if len(seen) == 0 && len(left) == len(a.first) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (a *drain) Prove(ctx context.Context) (string, error) {
	seen := []string{strings.Join(a.machines, ", ") + " cordoned"}
	for _, p := range a.first {
		if err := a.Cluster.AwaitGone(ctx, p); err != nil {
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.failed != nil {
				err = a.failed
			} else if n := a.refused[p.Name]; n > 0 {
				err = fmt.Errorf("%w; its eviction was refused %d times: %s", err, n, a.words)
			}
			return "", err
		}
		seen = append(seen, fmt.Sprintf("pod %s (uid %s) evicted from %s", p.Name, p.UID, p.Machine))
	}
	return strings.Join(seen, "; "), a.InForce(ctx)
}

// InForce wants the machines cordoned, and the targets' pods away from them.
func (a *drain) InForce(ctx context.Context) error {
	for _, m := range a.machines {
		on, err := a.Cluster.Cordoned(ctx, m)
		if err != nil {
			return err
		}
		if !on {
			return fmt.Errorf("machine %s is not cordoned any more", m)
		}
	}
	for _, p := range a.first {
		if now, ok := a.Cluster.Pod(p.Name); ok && now.Running && slices.Contains(a.machines, now.Machine) {
			return fmt.Errorf("%s runs on %s again", p.Name, now.Machine)
		}
	}
	return nil
}

func (a *drain) Heal(ctx context.Context) (string, error) {
	if a.end != nil {
		a.end()
		<-a.done
	}
	var errs []error
	for _, m := range a.machines[:a.cordoned] {
		errs = append(errs, a.Cluster.Uncordon(ctx, m))
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	seen := []string{strings.Join(a.machines[:a.cordoned], ", ") + " takes pods again"}
	for _, p := range a.evicted {
		next, err := a.succeeded(ctx, p)
		if err != nil {
			return "", err
		}
		seen = append(seen, fmt.Sprintf("%s is back on %s", p.Name, next.Machine))
	}
	var held []string
	for name, n := range a.refused {
		held = append(held, fmt.Sprintf("%s (%d times)", name, n))
	}
	if slices.Sort(held); len(held) > 0 {
		seen = append(seen, fmt.Sprintf("evictions refused meanwhile: %s: %s", strings.Join(held, ", "), a.words))
	}
	return strings.Join(seen, "; "), nil
}
