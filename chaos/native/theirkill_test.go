package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// owner makes a pod anew as soon as it is deleted, as a controller does.
type owner struct {
	mu   sync.Mutex
	now  pods.Pod
	made int
	// quick containers are ready at once.
	quick bool
	// final is why a pod would not come back; refused is why one is not deleted.
	final, refused error
	// other is the pod of every other node; nil is one that runs.
	other *pods.Pod
}

func (o *owner) Returns(context.Context, pods.Pod) error { return o.final }

func (o *owner) Pod(node string) (pods.Pod, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.now.Name == node:
		return o.now, true
	case o.other != nil:
		return *o.other, o.other.UID != ""
	}
	return pods.Pod{Name: node, UID: "other", Running: true}, true
}

func (o *owner) AwaitPod(ctx context.Context, node, what string, ok func(pods.Pod) bool) (pod pods.Pod, err error) {
	return pod, until(ctx, func(context.Context) error {
		o.mu.Lock()
		o.now.Running = true
		o.mu.Unlock()
		if pod, _ = o.Pod(node); ok(pod) {
			return nil
		}
		return errors.New(what)
	})
}

func (o *owner) DeletePod(_ context.Context, p pods.Pod, grace *time.Duration) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.refused != nil {
		return o.refused
	}
	if p.UID != o.now.UID || grace == nil || *grace != time.Second {
		return fmt.Errorf("uid %s, not %s; grace %v", o.now.UID, p.UID, grace)
	}
	o.made++
	o.now = pods.Pod{Name: p.Name, UID: fmt.Sprint("u", o.made), Ready: o.quick, IP: "10.0.0.9"}
	return nil
}

// theirRoles are those of a shard: a primary and a replica, in sync or not.
func theirRoles(linked bool) []deployer.Role {
	return []deployer.Role{
		{Node: deployer.Node{Name: "redis-0"}, Primary: true},
		{Node: deployer.Node{Name: "redis-1"}, LinkUp: linked},
	}
}

func killOf(o *owner, spec scenarios.Kill, away time.Duration) *theirKill {
	cluster := &deployer.Cluster{Shards: 1}
	return &theirKill{theirs: theirs{cluster: cluster, pods: o}, spec: spec, away: away, random: rand.New(rand.NewPCG(1, 0))}
}

// A pod is kept down by the deletion of those that follow, until the fault is over.
func TestTheirPodIsKeptDown(t *testing.T) {
	t.Parallel()
	o := &owner{now: pods.Pod{Name: "redis-0", UID: "u0", Running: true, IP: "10.0.0.1"}}
	target := scenarios.Target{Role: scenarios.Primary, By: scenarios.ByShard}
	k := killOf(o, scenarios.Kill{Target: target, Signal: "SIGKILL", Away: &scenarios.Away{}}, time.Minute)
	choice, err := k.Check(t.Context(), theirRoles(true))
	if err != nil || !choice.Deletes || len(choice.Effect.Down) != 1 || choice.Effect.Down[0] != "redis-0" {
		t.Fatalf("%+v %v", choice, err)
	}
	if _, err := k.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if seen, err := k.Prove(t.Context()); err != nil || !strings.Contains(seen, "uid u0 no longer exists") {
		t.Errorf("%q %v", seen, err)
	}
	again := func() int { k.mu.Lock(); defer k.mu.Unlock(); return k.again }
	if err := until(t.Context(), func(context.Context) error {
		if again() < 3 {
			return errors.New("few")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := k.InForce(t.Context()); err != nil {
		t.Error(err)
	}
	o.mu.Lock()
	o.now = pods.Pod{Name: "redis-0", UID: "early", Ready: true}
	o.mu.Unlock()
	if err := k.InForce(t.Context()); err == nil && again() < 4 {
		t.Error("a node that is ready is not noticed")
	}
	k.release()
	k.held.Wait()
	made := o.made
	o.mu.Lock()
	o.now.UID = "late"
	o.mu.Unlock()
	if o.made != made {
		t.Error("a pod is deleted after the fault")
	}
}

// The last node of a shard that is in sync is spared, unless that is permitted.
func TestTheLastCopyIsSpared(t *testing.T) {
	t.Parallel()
	target := scenarios.Target{Role: scenarios.Primary, By: scenarios.ByShard}
	for _, tc := range []struct {
		linked, allowed, refused bool
	}{{true, false, false}, {false, false, true}, {false, true, false}} {
		k := killOf(&owner{now: pods.Pod{Name: "redis-0", UID: "u0", Running: true}}, scenarios.Kill{Target: target, Signal: "SIGKILL"}, 0)
		k.lastCopy = tc.allowed
		_, err := k.Check(t.Context(), theirRoles(tc.linked))
		if tc.refused != (err != nil) || tc.refused && err.Error() != "redis-0 is the last node of shard 0 that is in sync: its data can be lost for good; cluster.attach.allowLastCopy permits that" {
			t.Errorf("%+v: %v", tc, err)
		}
	}
}

// A replica that is about to be gone, or that another fault has down, is no copy: neither at
// the check nor if that comes later.
func TestACopyThatIsLeavingIsNone(t *testing.T) {
	t.Parallel()
	target := scenarios.Target{Role: scenarios.Primary, By: scenarios.ByShard}
	for name, leave := range map[string]func(*owner, *theirKill){
		"its pod is being deleted": func(o *owner, _ *theirKill) { o.other = &pods.Pod{UID: "u", Running: true, Going: true} },
		"it has no pod":            func(o *owner, _ *theirKill) { o.other = &pods.Pod{} },
		"another fault has it down": func(_ *owner, k *theirKill) {
			k.Heed(func() []chaos.Effect { return []chaos.Effect{{Down: []string{"redis-1"}}} })
		},
		"another fault may have it down": func(_ *owner, k *theirKill) {
			k.Heed(func() []chaos.Effect { return []chaos.Effect{{Unsure: []string{"redis-1"}}} })
		},
	} {
		for _, late := range []bool{false, true} {
			o := &owner{now: pods.Pod{Name: "redis-0", UID: "u0", Running: true}}
			k := killOf(o, scenarios.Kill{Target: target, Signal: "SIGKILL"}, 0)
			if !late {
				leave(o, k)
			}
			_, err := k.Check(t.Context(), theirRoles(true))
			if late {
				if err != nil {
					t.Fatal(err)
				}
				leave(o, k)
				_, err = k.Inject(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), "is the last node of shard 0") || o.made != 0 {
				t.Errorf("%s, late %v: %v, %d pods deleted", name, late, err, o.made)
			}
		}
	}
}

// A pod that would not come back as it is stays.
func TestAPodThatDoesNotComeBackIsSpared(t *testing.T) {
	t.Parallel()
	final := errors.New("pod redis-0 belongs to no controller")
	o := &owner{now: pods.Pod{Name: "redis-0", UID: "u0", Running: true}, final: final}
	target := scenarios.Target{Role: scenarios.Primary, By: scenarios.ByShard}
	if _, err := killOf(o, scenarios.Kill{Target: target, Signal: "SIGKILL"}, 0).Check(t.Context(), theirRoles(true)); !errors.Is(err, final) {
		t.Error(err)
	}
}

// A deletion that the API server has refused leaves nothing to heal; one without an answer may
// have taken place.
func TestARefusedDeletionHitsNothing(t *testing.T) {
	t.Parallel()
	target := scenarios.Target{Role: scenarios.Primary, By: scenarios.ByShard}
	for refused, want := range map[error]int{fmt.Errorf("a webhook: %w", pods.ErrNotDone): 0, errors.New("connection reset"): 1} {
		o := &owner{now: pods.Pod{Name: "redis-0", UID: "u0", Running: true}, refused: refused}
		k := killOf(o, scenarios.Kill{Target: target, Signal: "SIGKILL", Away: &scenarios.Away{}}, time.Minute)
		if _, err := k.Check(t.Context(), theirRoles(true)); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Inject(t.Context()); !errors.Is(err, refused) || len(k.struck) != want {
			t.Errorf("%v: %v, struck %v", refused, err, k.struck)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		seen, err := k.Heal(ctx)
		cancel()
		if seen != "" || (err != nil) != (want > 0) {
			t.Errorf("%v: healed %q, %v", refused, seen, err)
		}
	}
}
