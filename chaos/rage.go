package chaos

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// Rage injects each fault at its time after start, and returns when all have
// been healed and verified. Once stop ends, no further fault is injected, but
// those in force are healed. ctx ends everything at once.
func (s *Storm) Rage(ctx, stop context.Context, start time.Time, plan []Injection) []results.Fault {
	s.start, s.faults = start, make([]results.Fault, len(plan))
	s.inForce, s.changed = map[string]Effect{}, make(chan struct{})
	s.checking = make(chan struct{}, 1)
	var wg sync.WaitGroup
	for i, in := range plan {
		wg.Go(func() {
			f := s.describe(in)
			timer := time.NewTimer(time.Until(start.Add(in.At)))
			defer timer.Stop()
			select {
			case <-timer.C:
				if stop.Err() == nil && ctx.Err() == nil {
					f.Reason = "the run was stopped while it was checked"
					s.strike(ctx, stop, in, &f)
				}
			case <-stop.Done():
			case <-ctx.Done():
			}
			s.mu.Lock()
			s.faults[i] = f
			s.mu.Unlock()
		})
	}
	wg.Wait()
	return s.faults
}

func (s *Storm) describe(in Injection) results.Fault {
	f := results.Fault{
		Name: in.Name, Kind: in.Fault.Kind(), Detail: in.Fault.Detail(), Traits: traits(in.Fault), Shard: -1, Status: results.StatusPlanned, Reason: "its time did not come",
		Planned: s.Clock.At(s.start.Add(in.At)),
	}
	if in.Lasts > 0 {
		f.Until = f.Planned + results.DurationOf(in.Lasts)
	}
	return f
}

// strike takes one fault through its steps.
func (s *Storm) strike(ctx, stop context.Context, in Injection, f *results.Fault) {
	a, err := s.Engine.Action(in)
	if err != nil {
		s.fail(f, results.StatusRefused, err)
		return
	}
	if h, ok := a.(Heeder); ok {
		h.Heed(func() []Effect { return s.beside(in.Name) })
	}
	if err := s.check(ctx, stop, a, in, f); err != nil {
		if stop.Err() == nil {
			s.fail(f, results.StatusRefused, cmp.Or(s.overdue(in, err), err))
		}
		return
	}
	defer s.end(in.Name)
	if stop.Err() != nil {
		return
	}
	if err := s.admit(in, f); err != nil {
		s.fail(f, results.StatusRefused, err)
		return
	}
	at, injecting := a.Inject(ctx)
	if injecting == nil {
		f.Status, f.Reason, f.Injected = results.StatusUnproved, "", s.Clock.At(at)
		s.event(f, results.EventFaultInject, f.Injected, f.Detail)
	}
	if m, ok := a.(Stoppable); ok {
		defer context.AfterFunc(stop, m.Stop)()
		if s.Length > 0 {
			defer time.AfterFunc(time.Until(s.start.Add(s.Length)), m.Stop).Stop()
		}
	}
	unproved := injecting
	if unproved == nil {
		unproved = s.prove(ctx, a, f)
	}
	if unproved == nil {
		unproved = s.hold(ctx, stop, a, at.Add(in.Lasts))
	}
	// What has acted in part, or cannot be proved to have acted, is healed too.
	unwritten, unhealed := s.heal(ctx, stop, a, f)
	account(a, f)
	switch {
	case unhealed != nil && unproved != nil:
		s.fail(f, results.StatusUnhealed, fmt.Errorf("%w; nor was it proved: %w", unhealed, unproved))
	case unhealed != nil:
		s.fail(f, results.StatusUnhealed, unhealed)
	case unproved != nil:
		s.fail(f, results.StatusUnproved, unproved)
	case unwritten != nil:
		// Its account has a gap: it cannot count as proved.
		s.fail(f, results.StatusUnproved, fmt.Errorf("it is over and the cluster is whole again, but %w", unwritten))
	default:
		f.Status = results.StatusHealed
	}
}

// account takes what an action says of itself once it is healed.
func account(a Action, f *results.Fault) {
	if m, ok := a.(Mover); ok {
		f.Moved = m.Moved()
	}
	if m, ok := a.(Scaler); ok {
		f.Scaled = m.Scaled()
	}
	if m, ok := a.(Refuser); ok {
		f.Refused = m.Refused()
	}
	if m, ok := a.(Breaker); ok {
		f.Machines = m.Broken()
	}
}

func (s *Storm) end(name string) {
	s.over(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
}
