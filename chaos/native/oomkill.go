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

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// oomKill has redis-server in pods exceed the limit of its container.
type oomKill struct {
	containerKill

	mu sync.Mutex
	// spared are pods whose servers run on: no restart of theirs is to be awaited.
	spared []string
}

func oomKillPods() podFault {
	return podFault{kind: new(scenarios.OOMKill).Name(), action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &oomKill{containerKill: containerKill{podKill{Kube: e, name: in.Name, spec: scenarios.Kill{Target: in.Fault.OOMKill.Target, Scope: "container"}, random: random}}}
	}}
}

// oomChunk is what the script allocates at a time, and oomBeyond how many of them are more than
// the limit: what the server had before comes on top.
const (
	oomChunk  = 16 << 20
	oomBeyond = 4
)

// oomScript allocates in the server itself, and writes no key: nothing of it reaches a replica.
// Each text is another one: Lua keeps equal texts once.
const oomScript = `local t = {} for i = 1, tonumber(ARGV[1]) do t[i] = string.rep(string.format("%08d", i), tonumber(ARGV[2]) / 8) end return #t`

// oomLimit bounds the script: the kernel may take its time to find what it ends.
const oomLimit = time.Minute

func (k *oomKill) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	c, err := k.containerKill.Check(ctx, roles)
	if err != nil {
		return c, err
	}
	for _, p := range k.pods {
		if p.Limit == 0 {
			return c, fmt.Errorf("the container of pod %s has no memory limit: set redis.resources.memory", p.Name)
		}
		c.Why += fmt.Sprintf("; the limit of %s is %d MiB", p.Name, p.Limit>>20)
	}
	return c, nil
}

// Inject has every server allocate at once, and waits until its connection breaks.
func (k *oomKill) Inject(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, oomLimit)
	defer cancel()
	return k.strike(ctx, func(p pods.Pod) error {
		n, _ := k.Cluster.Redis().Node(p.Name)
		cl := k.Cluster.Redis().Client(n, oomLimit)
		defer cl.Close()
		err := cl.Eval(ctx, oomScript, nil, p.Limit/oomChunk+oomBeyond, oomChunk).Err()
		var refused redis.Error
		switch {
		case err == nil:
			k.spare(p)
			return fmt.Errorf("%s has allocated more than its limit of %d MiB, and runs on", p.Name, p.Limit>>20)
		case errors.As(err, &refused):
			k.spare(p)
			return fmt.Errorf("%s does not allocate: %w", p.Name, err)
		}
		return nil // its connection broke, or it hangs: the proof says whether it has ended
	})
}

func (k *oomKill) spare(p pods.Pod) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spared = append(k.spared, p.Name)
}

// Heal waits for those that ended.
func (k *oomKill) Heal(ctx context.Context) (string, error) {
	ended := k.containerKill
	ended.struck = slices.DeleteFunc(slices.Clone(k.struck), func(p pods.Pod) bool { return slices.Contains(k.spared, p.Name) })
	return ended.Heal(ctx)
}

// Prove wants Kubernetes to say that the container was ended for its memory.
func (k *oomKill) Prove(ctx context.Context) (string, error) {
	var seen []string
	for _, p := range k.pods {
		next, err := k.Cluster.AwaitPod(ctx, p.Name, "the end of the container of "+p.Name, func(n pods.Pod) bool {
			return n.UID != p.UID || n.Restarts > p.Restarts || n.Exit != "" && !n.Running
		})
		switch {
		case err != nil:
			return "", err
		case next.UID != p.UID:
			return "", fmt.Errorf("pod %s is another one (uid %s, not %s): more than its container has ended", p.Name, next.UID, p.UID)
		case !next.OOMKilled:
			return "", fmt.Errorf("the container of pod %s %s, and Kubernetes does not say that it was for its memory", p.Name, next.Exit)
		}
		seen = append(seen, fmt.Sprintf("the container of pod %s %s, over its limit of %d MiB; uid %s as before", p.Name, next.Exit, p.Limit>>20, next.UID))
	}
	return strings.Join(seen, "; "), nil
}
