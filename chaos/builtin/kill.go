// Package builtin is slotstorm's own fault engine. On this machine it acts by
// signals to the processes that this run started.
package builtin

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	place "github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Cluster is what the engine needs of a deployment on this machine.
type Cluster interface {
	// Roles asks every node what it is, now.
	Roles(ctx context.Context) []deployer.Role
	// Process runs a node now, or ran it last.
	Process(node string) (*place.Process, error)
	// AwaitNext waits until a node runs as another process than old.
	AwaitNext(ctx context.Context, node string, old *place.Process) (*place.Process, error)
	// AwaitAnswer waits until a node answers PING.
	AwaitAnswer(ctx context.Context, node string) error
}

// Local is the engine for processes on this machine.
type Local struct{ Cluster Cluster }

// Action makes the action of an injection.
func (e Local) Action(in chaos.Injection) (chaos.Action, error) {
	if in.Fault.Kill == nil {
		return nil, fmt.Errorf("fault %s: this engine knows no such action", in.Name)
	}
	return &kill{cluster: e.Cluster, spec: *in.Fault.Kill, random: rand.New(rand.NewPCG(in.Seed, 0))}, nil
}

// kill ends a node's process; the supervisor starts it again.
type kill struct {
	cluster Cluster
	spec    scenarios.Kill
	random  *rand.Rand
	node    string
	process *place.Process
}

func (k *kill) Kind() string { return "kill" }

func (k *kill) Detail() string { return k.spec.Signal + " to " + k.spec.Target.String() }

func (k *kill) Check(ctx context.Context) (chaos.Target, error) {
	t, err := choose(k.cluster.Roles(ctx), k.spec.Target, k.random)
	if err != nil {
		return t, err
	}
	if k.process, err = k.cluster.Process(t.Node); err != nil {
		return t, err
	}
	k.node = t.Node
	return t, nil
}

// choose finds the target among the nodes that answered.
func choose(roles []deployer.Role, want scenarios.Target, random *rand.Rand) (chaos.Target, error) {
	var hits []deployer.Role
	for _, r := range roles {
		if r.Primary == (want.Role == scenarios.Primary) && (want.Shard == scenarios.AnyShard || want.Shard == r.Node.Shard) {
			hits = append(hits, r)
		}
	}
	if len(hits) == 0 {
		return chaos.Target{}, fmt.Errorf("no node is %s now", want)
	}
	hit := hits[random.IntN(len(hits))]
	return chaos.Target{
		Node: hit.Node.Name, Shard: hit.Node.Shard, Role: want.Role,
		Why: fmt.Sprintf("%s is %s of shard %d (1 of %d that fit %q), offset %d", hit.Node.Name, want.Role, hit.Node.Shard, len(hits), want, hit.Offset),
	}, nil
}

func (k *kill) Inject(context.Context) (time.Time, error) {
	signal := syscall.SIGKILL
	if k.spec.Signal == "SIGTERM" {
		signal = syscall.SIGTERM
	}
	at := time.Now()
	return at, k.process.Signal(signal)
}

func (k *kill) Prove(ctx context.Context) (string, error) {
	select {
	case <-k.process.Done():
	case <-ctx.Done():
		return "", fmt.Errorf("process %d of %s is still there after %s: %w", k.process.PID(), k.node, k.spec.Signal, context.Cause(ctx))
	}
	return fmt.Sprintf("process %d of %s %s", k.process.PID(), k.node, k.process.Exit()), nil
}

func (k *kill) Heal(ctx context.Context) error {
	if _, err := k.cluster.AwaitNext(ctx, k.node, k.process); err != nil {
		return err
	}
	return k.cluster.AwaitAnswer(ctx, k.node)
}
