// Package chaos injects faults. Each goes through the same steps, and each step
// is in the journal on disk before it acts:
//
//	Plan ─▶ at its time: check ─▶ inject ─▶ prove ─▶ heal ─▶ verify ─▶ results.Fault
//
// A fault that cannot be proved, or whose healing cannot be verified, says so in
// its status; a run with such a fault cannot pass.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Injection is one planned injection of a fault.
type Injection struct {
	// Name is the fault's, with a number behind it if the fault repeats.
	Name string
	// At is the offset from the start of the timeline.
	At    time.Duration
	Fault scenarios.Fault
	// Seed decides what is left to chance when the target is chosen.
	Seed uint64
}

// Plan spreads a timeline's faults out, in order of time. The seed fixes jitter
// and random targets.
func Plan(t scenarios.Timeline, seed uint64) []Injection {
	var list []Injection
	for i, f := range t.Faults {
		times, every, jitter := 1, time.Duration(0), time.Duration(0)
		if f.Repeat != nil {
			times, every, jitter = f.Repeat.Times, f.Repeat.Every.Std(), f.Repeat.Jitter.Std()
		}
		for n := range times {
			random := rand.New(rand.NewPCG(seed, uint64(i)<<32|uint64(n)))
			in := Injection{Name: f.Name, At: f.At.Std() + time.Duration(n)*every, Fault: f}
			if jitter > 0 {
				in.At += time.Duration(random.Int64N(int64(jitter) + 1))
			}
			if times > 1 {
				in.Name += "-" + strconv.Itoa(n+1)
			}
			in.Seed = random.Uint64()
			list = append(list, in)
		}
	}
	slices.SortStableFunc(list, func(a, b Injection) int { return int(a.At - b.At) })
	return list
}

// Target is the node that a fault was aimed at.
type Target struct {
	Node  string
	Shard int
	Role  scenarios.Role
	// Why says how it was chosen.
	Why string
}

// Action is one injection of one fault by an engine, step by step.
type Action interface {
	// Kind is the fault's word in a scenario; Detail says it in full.
	Kind() string
	Detail() string
	// Check chooses the target, by the roles of this moment, and tells what
	// cannot be done.
	Check(ctx context.Context) (Target, error)
	// Inject acts, and returns the moment just before it did.
	Inject(ctx context.Context) (time.Time, error)
	// Prove waits until the fault is seen to be in force, and says by what.
	Prove(ctx context.Context) (string, error)
	// Heal ends the fault, or waits until what heals it by itself has.
	Heal(ctx context.Context) error
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

// Storm injects the faults of a run.
type Storm struct {
	Engine   Engine
	Recorder Recorder
	Clock    results.Clock
	// Whole waits until the cluster is whole; it is asked before a fault, if no
	// other is in force, and after its healing.
	Whole func(ctx context.Context) error

	mu     sync.Mutex
	active int
	faults []results.Fault
}

// Time limits of the steps. Healing a kill includes the supervisor's delay.
const (
	checkLimit  = 5 * time.Second
	proveLimit  = 20 * time.Second
	healLimit   = 2 * time.Minute
	verifyLimit = 2 * time.Minute
)

// Rage injects each fault at its time after start, and returns when all have
// been healed and verified. Once stop ends, no further fault is injected, but
// those in force are healed. ctx ends everything at once.
func (s *Storm) Rage(ctx, stop context.Context, start time.Time, plan []Injection) []results.Fault {
	s.faults = make([]results.Fault, len(plan))
	var wg sync.WaitGroup
	for i, in := range plan {
		wg.Go(func() {
			f := s.describe(in, start)
			timer := time.NewTimer(time.Until(start.Add(in.At)))
			defer timer.Stop()
			select {
			case <-timer.C:
				if stop.Err() == nil && ctx.Err() == nil {
					s.strike(ctx, in, &f)
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

func (s *Storm) describe(in Injection, start time.Time) results.Fault {
	return results.Fault{Name: in.Name, Shard: -1, Status: results.StatusPlanned, Reason: "its time did not come", Planned: s.Clock.At(start.Add(in.At))}
}

// strike takes one fault through its steps.
func (s *Storm) strike(ctx context.Context, in Injection, f *results.Fault) {
	a, err := s.Engine.Action(in)
	if err != nil {
		s.fail(f, results.StatusRefused, err)
		return
	}
	f.Kind, f.Detail = a.Kind(), a.Detail()
	if err := s.check(ctx, a, f); err != nil {
		s.fail(f, results.StatusRefused, err)
		return
	}
	s.mu.Lock()
	s.active++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.active--
		s.mu.Unlock()
	}()
	if err := s.journal(f, "inject", f.Detail); err != nil {
		s.fail(f, results.StatusRefused, err)
		return
	}
	at, err := a.Inject(ctx)
	if err != nil {
		s.fail(f, results.StatusUnproved, err)
		return
	}
	f.Status, f.Reason, f.Injected = results.StatusUnproved, "", s.Clock.At(at)
	s.event(f, results.EventFaultInject, f.Injected, f.Detail)

	unproved := s.prove(ctx, a, f)
	if err := s.heal(ctx, a, f); err != nil {
		s.fail(f, results.StatusUnhealed, err)
		return
	}
	if unproved != nil {
		s.fail(f, results.StatusUnproved, unproved)
		return
	}
	f.Status = results.StatusHealed
}

func (s *Storm) check(ctx context.Context, a Action, f *results.Fault) error {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	s.mu.Lock()
	quiet := s.active == 0
	s.mu.Unlock()
	if quiet {
		if err := s.Whole(ctx); err != nil {
			return fmt.Errorf("the cluster is not whole before the fault: %w", err)
		}
	}
	t, err := a.Check(ctx)
	if err != nil {
		return err
	}
	f.Node, f.Shard, f.Role, f.Target = t.Node, t.Shard, string(t.Role), t.Why
	if err := s.journal(f, "check", t.Why); err != nil {
		return err
	}
	s.event(f, results.EventFaultCheck, s.Clock.Now(), t.Why)
	return nil
}

func (s *Storm) prove(ctx context.Context, a Action, f *results.Fault) error {
	ctx, cancel := context.WithTimeout(ctx, proveLimit)
	defer cancel()
	proof, err := a.Prove(ctx)
	if err != nil {
		return err
	}
	f.Proof, f.Proved = proof, s.Clock.Now()
	s.event(f, results.EventFaultProof, f.Proved, proof)
	return s.journal(f, "prove", proof)
}

func (s *Storm) heal(ctx context.Context, a Action, f *results.Fault) error {
	if err := s.journal(f, "heal", "until the target is back"); err != nil {
		return err
	}
	healing, cancel := context.WithTimeout(ctx, healLimit)
	defer cancel()
	if err := a.Heal(healing); err != nil {
		return err
	}
	f.Restored = s.Clock.Now()
	s.event(f, results.EventFaultHeal, f.Restored, f.Node+" is back")
	verifying, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	if err := s.Whole(verifying); err != nil {
		return fmt.Errorf("the cluster did not become whole again: %w", err)
	}
	f.Verified = s.Clock.Now()
	s.event(f, results.EventFaultVerify, f.Verified, "the cluster is whole again")
	return s.journal(f, "verify", "the cluster is whole again")
}

func (s *Storm) fail(f *results.Fault, status results.FaultStatus, err error) {
	f.Status, f.Reason = status, err.Error()
	s.event(f, results.EventFaultFailed, s.Clock.Now(), fmt.Sprintf("%s: %v", status, err))
}

func (s *Storm) event(f *results.Fault, kind string, at results.Millis, message string) {
	e := results.Event{Offset: at, Kind: kind, Source: "chaos", Fault: f.Name, Node: f.Node, Message: message}
	if f.Shard >= 0 {
		shard := f.Shard
		e.Shard = &shard
	}
	// The journal, not the event, is what a fault must not act without.
	_ = s.Recorder.Event(e)
}

func (s *Storm) journal(f *results.Fault, step, why string) error {
	err := s.Recorder.Journal(results.JournalEntry{Offset: s.Clock.Now(), Fault: f.Name, Step: step, Node: f.Node, Why: why})
	if err != nil {
		return errors.Join(errors.New("the journal cannot be written"), err)
	}
	return nil
}
