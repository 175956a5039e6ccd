package native

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// evict evicts the pod of one node, unless its PodDisruptionBudget refuses that.
type evict struct {
	Kube
	evictions
	spec   scenarios.Evict
	random *rand.Rand
	pod    pods.Pod
}

func evictPod() podFault {
	return podFault{kind: new(scenarios.Evict).Name(), action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &evict{Kube: e, spec: *in.Fault.Evict, random: random}
	}}
}

// Limits give the pod the time to stop.
func (a *evict) Limits() (prove, heal time.Duration) { return podStopLimit, podStopLimit }

func (a *evict) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := a.Aim.Choose(roles, a.spec.Target, a.random)
	if err == nil {
		a.pod, err = a.running(targets[0].Node)
	}
	if err != nil {
		return chaos.Choice{}, err
	}
	return chaos.Choice{Targets: targets[:1], Why: why, Effect: chaos.Effect{Down: names(targets[:1])}}, nil
}

// evictTries bounds the requests for an eviction that the budget refuses, evictEvery apart.
const evictTries = 3

func (a *evict) Inject(ctx context.Context) (time.Time, error) {
	t := time.NewTicker(evictEvery)
	defer t.Stop()
	for try := 1; ; try++ {
		at := time.Now()
		if a.ask(ctx, a.Cluster, a.pod) || a.failed != nil || try == evictTries {
			return at, a.failed
		}
		select {
		case <-ctx.Done():
			return at, context.Cause(ctx)
		case <-t.C:
		}
	}
}

// Refused is what the budget said, if it let the pod stay.
func (a *evict) Refused() string {
	if len(a.evicted) > 0 || a.refused[a.pod.Name] == 0 {
		return ""
	}
	return a.words
}

func (a *evict) Prove(ctx context.Context) (string, error) {
	if words := a.Refused(); words != "" {
		return fmt.Sprintf("the eviction of pod %s was refused %d times: %s", a.pod.Name, a.refused[a.pod.Name], words), nil
	}
	next, err := a.replaced(ctx, a.pod)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("pod %s was evicted and is another one: uid %s, not %s", a.pod.Name, next.UID, a.pod.UID), nil
}

func (a *evict) Heal(ctx context.Context) (string, error) {
	if len(a.evicted) == 0 {
		return a.pod.Name + " stays as it was", a.Cluster.AwaitAnswer(ctx, a.pod.Name)
	}
	next, err := a.succeeded(ctx, a.pod)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s is back on %s at %s, not %s", a.pod.Name, next.Machine, next.IP, a.pod.IP), nil
}
