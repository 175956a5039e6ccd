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

// scale changes the number of shards. It goes on by itself after Inject, and Heal waits for its
// end.
type scale struct {
	cluster *deployer.Cluster
	place   deployer.Starter
	spec    scenarios.Scale
	job     *deployer.Scale
	stop    context.CancelFunc
	stopped context.Context
	done    chan error
	first   chan struct{}

	mu     sync.Mutex
	begun  time.Time
	scaled results.Scaling
}

func localScale() localFault {
	return localFault{kind: new(scenarios.Scale).Name(), able: anywhere, action: func(e Local, in chaos.Injection, _ *rand.Rand) chaos.Action {
		s := &scale{cluster: e.Cluster.Redis(), place: e.Cluster, spec: *in.Fault.Scale, done: make(chan error, 1), first: make(chan struct{})}
		s.stopped, s.stop = context.WithCancel(context.Background())
		return s
	}}
}

func (s *scale) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	moves, err := s.cluster.Plan(roles, s.spec.Shards)
	if err != nil {
		return chaos.Choice{}, err
	}
	atomic, err := movesAtOnce(ctx, s.cluster, s.spec.Method)
	if err != nil {
		return chaos.Choice{}, err
	}
	s.scaled = results.Scaling{From: s.cluster.PresentShards(), To: s.spec.Shards}
	if s.scaled.From == s.scaled.To {
		return chaos.Choice{}, fmt.Errorf("the cluster has %d shards already", s.scaled.To)
	}
	for _, n := range s.cluster.Changing(s.spec.Shards) {
		s.scaled.Nodes = append(s.scaled.Nodes, n.Name)
	}
	slots := 0
	for i, m := range moves {
		s.scaled.Moves = append(s.scaled.Moves, results.SlotMove{From: m.From, To: m.To, Asked: m.Slots, Atomic: atomic})
		slots += m.Slots.Count()
		m.Atomic = atomic
		m.Moved = func(slots results.Slots, keys int, took time.Duration) { s.note(i, slots, keys, took) }
	}
	s.job = &deployer.Scale{Cluster: s.cluster, Place: s.place, To: s.spec.Shards, Moves: moves, Joined: s.joined}
	return s.choice(roles, slots), nil
}

// choice is the effect: all shards move slots.
func (s *scale) choice(roles []deployer.Role, slots int) chaos.Choice {
	what := "join"
	if s.scaled.To < s.scaled.From {
		what = "leave"
	}
	c := chaos.Choice{Why: fmt.Sprintf("%s %s, and %d slots move", strings.Join(s.scaled.Nodes, ", "), what, slots)}
	for shard := range max(s.scaled.From, s.scaled.To) {
		c.Effect.Moving = append(c.Effect.Moving, shard)
	}
	for _, role := range roles {
		if role.Primary {
			c.Targets = append(c.Targets, chaos.Target{Node: role.Node.Name, Shard: role.Node.Shard, Role: scenarios.Primary})
		}
	}
	return c
}

// joined takes that the new nodes have joined, with their replicas in sync.
func (s *scale) joined() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scaled.Joined = results.DurationOf(time.Since(s.begun))
}

// note takes slots that have moved.
func (s *scale) note(i int, slots results.Slots, keys int, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.scaled.Slots()) == 0 {
		close(s.first)
	}
	s.scaled.Moves[i].Add(slots, keys, results.DurationOf(took), results.DurationOf(time.Since(s.begun)))
}

func (s *scale) Inject(ctx context.Context) (time.Time, error) {
	s.begun = time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, reshardLimit, fmt.Errorf("not over within %v", reshardLimit))
	go func() {
		defer cancel()
		s.done <- s.job.Run(ctx, s.stopped)
	}()
	return s.begun, nil
}

// Limits leave the change its time.
func (*scale) Limits() (prove, heal time.Duration) { return reshardLimit, 2 * reshardLimit }

// Stop ends the change after the slot that is open.
func (s *scale) Stop() { s.stop() }

// Scaled is what has changed.
func (s *scale) Scaled() *results.Scaling {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scaled.To == 0 {
		return nil
	}
	scaled := s.scaled
	scaled.Moves = append([]results.SlotMove(nil), s.scaled.Moves...)
	return &scaled
}

// Prove waits for the first slots that have moved.
func (s *scale) Prove(ctx context.Context) (string, error) {
	select {
	case <-s.first:
	case err := <-s.done:
		s.done <- err
		if err != nil || len(s.Scaled().Slots()) == 0 {
			return "", errors.Join(errors.New("no slot has moved"), err)
		}
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	return fmt.Sprintf("the first slots have moved after %v", results.DurationOf(time.Since(s.begun))), nil
}

// Heal waits for the end: the shards stay as they are then.
func (s *scale) Heal(ctx context.Context) (string, error) {
	if s.job == nil {
		return "nothing was changed", nil
	}
	select {
	case err := <-s.done:
		if err != nil {
			return "", err
		}
	case <-ctx.Done():
		// It ends with the same context. Nothing is removed while it starts a node.
		select {
		case err := <-s.done:
			return "", errors.Join(context.Cause(ctx), err)
		case <-time.After(seenLimit):
		}
		return "", context.Cause(ctx)
	}
	scaled := s.Scaled()
	seeing, cancel := context.WithTimeoutCause(ctx, seenLimit, fmt.Errorf("not seen within %v", seenLimit))
	defer cancel()
	var open []string
	for i, m := range scaled.Moves {
		still, err := s.job.Moves[i].AwaitServed(seeing, m.Slots)
		if err != nil {
			return "", fmt.Errorf("after %d slots were moved: %w", scaled.Slots().Count(), err)
		}
		open = append(open, still...)
	}
	text := fmt.Sprintf("the cluster has %d shards, %d slots with %d keys were moved, and all nodes know it", scaled.To, scaled.Slots().Count(), scaled.Keys())
	if left := scaled.Left(); len(left) > 0 {
		text = fmt.Sprintf("stopped after %d slots: %s stay where they were", scaled.Slots().Count(), left)
	}
	return strings.Join(append([]string{text}, open...), "; "), nil
}
