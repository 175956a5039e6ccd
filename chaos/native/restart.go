package native

import (
	"context"
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

// restart rolls the StatefulSets of shards, one after the other.
type restart struct {
	Kube
	spec   scenarios.Restart
	random *rand.Rand
	shards []int
	// pods are those that run before, by shard; the last is the first to go.
	pods map[int][]pods.Pod
	// rolled counts the shards whose roll has begun; proved lets Heal go on to
	// the next ones.
	rolled int
	proved bool
}

func restartShards() podFault {
	return podFault{kind: new(scenarios.Restart).Name(), action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &restart{Kube: e, spec: *in.Fault.Restart, random: random}
	}}
}

// Limits are more than usual: pods go one by one.
func (a *restart) Limits() (prove, heal time.Duration) {
	return podStopLimit, time.Duration(len(a.shards)) * shardLimit
}

func (a *restart) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := a.Aim.Choose(roles, a.spec.Target, a.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	a.pods = map[int][]pods.Pod{}
	for _, t := range targets {
		pod, ok := a.Cluster.Pod(t.Node)
		if !ok || !pod.Ready || pod.Going {
			return chaos.Choice{}, fmt.Errorf("%s has no pod that is ready", t.Node)
		}
		// A StatefulSet has the nodes that were deployed into a shard, whichever they
		// serve now.
		node, _ := a.Cluster.Redis().Node(t.Node)
		if a.pods[node.Shard] == nil {
			a.shards = append(a.shards, node.Shard)
		}
		a.pods[node.Shard] = append(a.pods[node.Shard], pod)
	}
	slices.Sort(a.shards)
	for _, list := range a.pods {
		slices.SortFunc(list, func(x, y pods.Pod) int { return strings.Compare(x.Name, y.Name) })
	}
	return chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Unsure: names(targets)}}, nil
}

func (a *restart) Inject(ctx context.Context) (time.Time, error) {
	at := time.Now()
	a.rolled++
	return at, a.Cluster.Roll(ctx, a.shards[0])
}

// Prove waits for the first pod: a StatefulSet begins with the last one. Source:
// Kubernetes documentation, StatefulSets, rolling updates.
func (a *restart) Prove(ctx context.Context) (string, error) {
	list := a.pods[a.shards[0]]
	first := list[len(list)-1]
	next, err := a.replaced(ctx, first)
	if err != nil {
		return "", err
	}
	a.proved = true
	return fmt.Sprintf("pod %s is another one: uid %s, not %s", first.Name, next.UID, first.UID), nil
}

// Heal has the remaining shards roll, and waits until every pod is another one
// and answers.
func (a *restart) Heal(ctx context.Context) (string, error) {
	began := time.Now()
	n := 0
	for i, shard := range a.shards {
		if i > 0 && !a.proved {
			break
		}
		if i > 0 {
			a.rolled++
			if err := a.Cluster.Roll(ctx, shard); err != nil {
				return "", err
			}
		}
		for _, p := range a.pods[shard] {
			if _, err := a.Cluster.AwaitPod(ctx, p.Name, "the new pod of "+p.Name, func(n pods.Pod) bool { return n.UID != p.UID && n.Ready }); err != nil {
				return "", err
			}
			if err := a.Cluster.AwaitAnswer(ctx, p.Name); err != nil {
				return "", err
			}
			n++
		}
	}
	return fmt.Sprintf("%d pods of %d shards are others and answer, %.1f s after the first was seen", n, a.rolled, time.Since(began).Seconds()), nil
}
