package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// reshard moves slots from one shard to another. It goes on by itself after Inject, and Heal
// waits for its end. It needs nothing of the place: commands go to the nodes.
type reshard struct {
	cluster *deployer.Cluster
	spec    scenarios.Reshard
	job     *deployer.Reshard
	stop    context.CancelFunc
	stopped context.Context
	done    chan error
	first   chan struct{}

	mu    sync.Mutex
	begun time.Time
	moved results.SlotMove
}

const (
	// reshardLimit bounds a move of slots.
	reshardLimit = 15 * time.Minute
	// seenLimit is how long all nodes may take to hear who serves the slots. One that comes
	// back hears it within cluster-node-timeout.
	seenLimit = 3 * time.Minute
)

func localReshard() localFault {
	return localFault{kind: new(scenarios.Reshard).Name(), able: anywhere, action: func(e Local, in chaos.Injection, _ *rand.Rand) chaos.Action {
		return newReshard(e.Cluster.Redis(), *in.Fault.Reshard)
	}}
}

func podReshard() podFault {
	return podFault{kind: new(scenarios.Reshard).Name(), action: func(e Kube, in chaos.Injection, _ *rand.Rand) chaos.Action {
		return newReshard(e.Cluster.Redis(), *in.Fault.Reshard)
	}}
}

func newReshard(c *deployer.Cluster, spec scenarios.Reshard) *reshard {
	r := &reshard{cluster: c, spec: spec, done: make(chan error, 1), first: make(chan struct{})}
	r.stopped, r.stop = context.WithCancel(context.Background())
	return r
}

func (r *reshard) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	var from, to *deployer.Role
	for i, role := range roles {
		switch {
		case !role.Primary:
		case role.Node.Shard == r.spec.From:
			from = &roles[i]
		case role.Node.Shard == r.spec.To:
			to = &roles[i]
		}
	}
	if from == nil || to == nil {
		return chaos.Choice{}, fmt.Errorf("not both of the primaries of shard %d and shard %d answer", r.spec.From, r.spec.To)
	}
	slots, err := r.choose(*from, *to)
	if err != nil {
		return chaos.Choice{}, err
	}
	atomic, err := movesAtOnce(ctx, r.cluster, r.spec.Method)
	if err != nil {
		return chaos.Choice{}, err
	}
	r.job = &deployer.Reshard{Cluster: r.cluster, From: r.spec.From, To: r.spec.To, Slots: slots, Atomic: atomic, Moved: r.note}
	r.moved = results.SlotMove{From: r.spec.From, To: r.spec.To, Asked: slots, Atomic: atomic}
	how := "key by key"
	if atomic {
		how = "in one step, by the server"
	}
	return chaos.Choice{
		Targets: []chaos.Target{{Node: from.Node.Name, Shard: r.spec.From, Role: scenarios.Primary}, {Node: to.Node.Name, Shard: r.spec.To, Role: scenarios.Primary}},
		Effect:  chaos.Effect{Moving: []int{r.spec.From, r.spec.To}},
		Why:     fmt.Sprintf("slots %s of %s go to %s, %s", slots, from.Node.Name, to.Node.Name, how),
	}, nil
}

// choose takes the last slots of those that the shard had at the start and serves. A shard is
// known by the slots that it had: most of what a node serves must remain its own.
func (r *reshard) choose(from, to deployer.Role) (results.Slots, error) {
	own := from.Slots.And(r.cluster.SlotsOf(r.spec.From))
	if left := own.Count() - r.spec.Slots; left < r.cluster.SlotsOf(r.spec.From).Count()/2 {
		return nil, fmt.Errorf("%s serves %d slots of shard %d: without %d of them it would no longer be the shard that it was", from.Node.Name, own.Count(), r.spec.From, r.spec.Slots)
	}
	if theirs := to.Slots.Minus(r.cluster.SlotsOf(r.spec.To)).Count() + r.spec.Slots; theirs >= to.Slots.And(r.cluster.SlotsOf(r.spec.To)).Count() {
		return nil, fmt.Errorf("with %d slots more, %s would serve more slots of others than of shard %d", r.spec.Slots, to.Node.Name, r.spec.To)
	}
	return own.Last(r.spec.Slots), nil
}

// atomicMajor and atomicMinor are the first version of Valkey that moves slots by itself.
const atomicMajor, atomicMinor = 9, 0

// movesAtOnce reports whether the server moves slots by itself, as method wants it.
func movesAtOnce(ctx context.Context, c *deployer.Cluster, method string) (bool, error) {
	server, err := c.Server(ctx)
	if err != nil {
		return false, err
	}
	can := server.Product == results.ProductValkey && server.AtLeast(atomicMajor, atomicMinor)
	if method == "atomic" && !can {
		return false, fmt.Errorf("%s does not move slots by itself (Valkey %d.%d does): write method: migrate", server, atomicMajor, atomicMinor)
	}
	return can && method != "migrate", nil
}

// note takes slots that have moved.
func (r *reshard) note(slots results.Slots, keys int, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.moved.Slots) == 0 {
		close(r.first)
	}
	r.moved.Add(slots, keys, results.DurationOf(took), results.DurationOf(time.Since(r.begun)))
}

func (r *reshard) Inject(ctx context.Context) (time.Time, error) {
	r.begun = time.Now()
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), reshardLimit, fmt.Errorf("not over within %v", reshardLimit))
	go func() {
		defer cancel()
		r.done <- r.job.Run(ctx, r.stopped)
	}()
	return r.begun, nil
}

// Limits leave the move its time.
func (*reshard) Limits() (prove, heal time.Duration) { return reshardLimit, 2 * reshardLimit }

// Stop ends the move after the slot that is open.
func (r *reshard) Stop() { r.stop() }

// Moved is what has been moved.
func (r *reshard) Moved() *results.SlotMove {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.moved.Asked) == 0 {
		return nil
	}
	moved := r.moved
	return &moved
}

// Prove waits for the first slots that have moved.
func (r *reshard) Prove(ctx context.Context) (string, error) {
	select {
	case <-r.first:
	case err := <-r.done:
		r.done <- err
		if err != nil || len(r.Moved().Slots) == 0 {
			return "", errors.Join(errors.New("no slot has moved"), err)
		}
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	m := r.Moved()
	return fmt.Sprintf("slots %s are served by shard %d after %v", m.Slots, m.To, m.Took), nil
}

// Heal waits for the end: what has moved stays where it is.
func (r *reshard) Heal(ctx context.Context) (string, error) {
	if r.job == nil {
		return "nothing was moved", nil
	}
	select {
	case err := <-r.done:
		if err != nil {
			return "", err
		}
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	m := r.Moved()
	seeing, cancel := context.WithTimeoutCause(ctx, seenLimit, fmt.Errorf("not seen within %v", seenLimit))
	defer cancel()
	open, err := r.job.AwaitServed(seeing, m.Slots)
	if err != nil {
		return "", fmt.Errorf("after %d slots were moved: %w", m.Slots.Count(), err)
	}
	if left := m.Asked.Minus(m.Slots); len(left) > 0 {
		return strings.Join(append([]string{fmt.Sprintf("stopped after %d of %d slots: %s stay where they were", m.Slots.Count(), m.Asked.Count(), left)}, open...), "; "), nil
	}
	return strings.Join(append([]string{fmt.Sprintf("%d slots with %d keys were moved in %v, and all nodes know it", m.Slots.Count(), m.Keys, m.Took)}, open...), "; "), nil
}
