package chaos

import (
	"context"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
)

// Choice is what a fault is aimed at, by the roles of this moment.
type Choice struct {
	// Targets are the nodes that are hit; of a partition, those of the side with
	// fewer primaries.
	Targets []Target
	// Why says how they were chosen.
	Why string
	// Deletes means that the targets' pods are deleted, which may let the nodes leave in order.
	Deletes bool
	// Machines are those that it breaks.
	Machines []results.Broken
	// Effect is what the fault takes away while it is in force.
	Effect Effect
}

// Action is one injection of one fault by an engine, step by step.
type Action interface {
	// Check chooses the targets, by the roles of this moment, and reports what
	// cannot be done.
	Check(ctx context.Context, roles []deployer.Role) (Choice, error)
	// Inject acts, and returns the moment just before it did.
	Inject(ctx context.Context) (time.Time, error)
	// Prove waits until the fault is seen to be in force, and says by what.
	Prove(ctx context.Context) (string, error)
	// Heal ends the fault, or waits until what heals it by itself has, verifies
	// that it is over, and says by what. It is called after a failed Prove, too.
	Heal(ctx context.Context) (string, error)
}

// Watched is an action that can report whether it is still in force: it is called
// again and again until its time is over.
type Watched interface {
	Action
	// InForce gives an error that says what was seen to get through.
	InForce(ctx context.Context) error
}

// Lengthy is a watched action whose looks can take longer than usual, and can be broken off.
type Lengthy interface {
	Watched
	// LookLimit bounds one of them; the end of the fault does, too.
	LookLimit() time.Duration
}

// Stoppable is an action that goes on by itself after Inject, and that the end of the timeline
// or a stop of the run ends.
type Stoppable interface {
	Action
	// Stop has it do no more than leave things in order.
	Stop()
}

// Mover is an action that moves slots.
type Mover interface {
	Action
	// Moved is what it has moved, once the action is healed.
	Moved() *results.SlotMove
}

// Scaler is an action that changes the number of shards.
type Scaler interface {
	Action
	// Scaled is what has changed, once the action is healed.
	Scaled() *results.Scaling
}

// Refuser is an action that Kubernetes may refuse, as an outcome of its own.
type Refuser interface {
	Action
	// Refused is how it did; empty if it did not.
	Refused() string
}

// Breaker is an action that breaks machines.
type Breaker interface {
	Action
	// Broken is what was seen of them, once the action is healed.
	Broken() []results.Broken
}

// Heeder is an action whose looks other faults can spoil.
type Heeder interface {
	Action
	// Heed is called before Check; others are the effects that other faults have at the
	// moment of each call.
	Heed(others func() []Effect)
}

// Slow is an action whose proof or healing can take longer than usual.
type Slow interface {
	Action
	// Limits bound the two.
	Limits() (prove, heal time.Duration)
}

// Engine makes actions.
type Engine interface {
	Action(in Injection) (Action, error)
}

// Recorder takes what a run keeps of its faults.
type Recorder interface {
	Event(results.Event) error
	// Journal returns when the entry is on the disk.
	Journal(results.JournalEntry) error
}
