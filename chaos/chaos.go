// Package chaos injects faults. Each goes through the same steps, and each step
// is in the journal on disk before it acts:
//
//	Plan ─▶ at its time: check ─▶ inject ─▶ prove ─▶ hold ─▶ heal ─▶ verify ─▶ results.Fault
//
// A fault whose time has passed when its check ends is refused: it would act
// outside of the load that it was planned for. A fault that acts is healed even
// if nothing can be recorded any more. A fault that cannot be proved, or whose healing cannot be verified, says so in
// its status; a run with such a fault cannot pass.
//
// What is the same for every place is here: who is meant by a target (Aim), how
// much may be away at once (blast.go), and the steps. How to act is the engines'.
package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
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

// Choice is what a fault is aimed at, by the roles of this moment.
type Choice struct {
	// Targets are the nodes that are hit; of a partition, those of the side with
	// fewer primaries.
	Targets []Target
	// Why says how they were chosen.
	Why string
	// Effect is what the fault takes away while it is in force.
	Effect Effect
}

// Action is one injection of one fault by an engine, step by step.
type Action interface {
	// Check chooses the targets, by the roles of this moment, and tells what
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

// Watched is an action that can tell whether it is still in force: it is asked
// again and again until its time is over.
type Watched interface {
	Action
	// InForce gives an error that says what was seen to get through.
	InForce(ctx context.Context) error
}

// Slow is an action whose proof or healing can take longer than usual.
type Slow interface {
	Action
	// Limits bound the two.
	Limits() (prove, heal time.Duration)
}

// limits bound the proof and the healing of an action.
func limits(a Action) (prove, heal time.Duration) {
	prove, heal = proveLimit, healLimit
	if s, ok := a.(Slow); ok {
		p, h := s.Limits()
		prove, heal = max(prove, p), max(heal, h)
	}
	return prove, heal
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
	// Roles asks every node what it is, now; those that do not answer are left
	// out. Shards is the number of shards.
	Roles  func(ctx context.Context) []deployer.Role
	Shards int
	// Length is the timeline's: no fault is injected after its end. 0 is no end.
	Length time.Duration
	// Whole waits until the cluster is whole; it is asked before a fault, if no
	// other is in force, and after its healing.
	Whole func(ctx context.Context) error

	// checking has room for one: the fault that looks at the cluster, until its
	// effect is noted. Of two that are due at once the second must see the first.
	checking chan struct{}

	// start is the timeline's.
	start time.Time

	mu     sync.Mutex
	faults []results.Fault
	// busy counts faults between their admission and the end of their
	// verification.
	busy int
	// inForce are the effects of those that are not healed yet; changed is
	// closed and replaced whenever it changes.
	inForce map[string]Effect
	changed chan struct{}
}

// Time limits of the steps. Healing a kill includes the supervisor's delay.
const (
	checkLimit  = 20 * time.Second
	proveLimit  = 20 * time.Second
	healLimit   = 2 * time.Minute
	verifyLimit = 2 * time.Minute
	// stoppedLimit is verifyLimit once the run is stopped: nobody waits for minutes
	// after a Ctrl-C, and a full disk keeps replicas from synchronising for good.
	stoppedLimit = 20 * time.Second
	// watchEvery is how often a fault is asked whether it is still in force.
	watchEvery = 500 * time.Millisecond
	// watchLimit bounds one such question.
	watchLimit = 5 * time.Second
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
		Name: in.Name, Kind: in.Fault.Action(), Detail: in.Fault.Detail(), Traits: traits(in.Fault), Shard: -1, Status: results.StatusPlanned, Reason: "its time did not come",
		Planned: s.Clock.At(s.start.Add(in.At)),
	}
	if in.Fault.Duration > 0 {
		f.Until = f.Planned + results.DurationOf(in.Fault.Duration.Std())
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
	unproved := injecting
	if unproved == nil {
		unproved = s.prove(ctx, a, f)
	}
	if unproved == nil {
		unproved = s.hold(ctx, stop, a, at.Add(in.Fault.Duration.Std()))
	}
	// What has acted in part, or cannot be proved to have acted, is healed too.
	unwritten, unhealed := s.heal(ctx, stop, a, f)
	switch {
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

func (s *Storm) end(name string) {
	s.over(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
}

// admit records that a checked fault is about to act, unless its time has passed.
func (s *Storm) admit(in Injection, f *results.Fault) error {
	if err := s.recordCheck(f); err != nil {
		return err
	}
	if err := s.overdue(in, nil); err != nil {
		return err
	}
	if err := s.journal(f, "inject", f.Detail); err != nil {
		return err
	}
	// A busy disk may take seconds to store the entry.
	if err := s.overdue(in, nil); err != nil {
		return errors.Join(err, s.journal(f, "verify", "nothing was injected: "+err.Error()))
	}
	return nil
}

// tolerance is the lateness that is not worth a mention: a fault that is as late
// may act, even if its duration is shorter.
const tolerance = time.Second

// deadline is when it is too late to inject a fault, as an offset from the start
// of the timeline: when the fault should be over, or the timeline is.
func (s *Storm) deadline(in Injection) (time.Duration, bool) {
	over := in.At + max(in.Fault.Duration.Std(), tolerance)
	switch {
	case in.Fault.Duration > 0 && (s.Length == 0 || over < s.Length):
		return over, true
	case s.Length > 0:
		return s.Length, true
	}
	return 0, false
}

// overdue refuses a fault whose time has passed, and names both times. cause, if
// not nil, is what its check was still waiting for.
func (s *Storm) overdue(in Injection, cause error) error {
	deadline, ok := s.deadline(in)
	now := time.Since(s.start)
	if !ok || now < deadline {
		return nil
	}
	err := fmt.Errorf("too late: it was planned at %s of the timeline and could be injected until %s; its check ended at %s", offset(in.At), offset(deadline), offset(now))
	if cause != nil {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// offset writes an offset from the start of the timeline.
func offset(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// take notes the effect of a fault that is about to be injected, if the cluster
// can bear it beside those in force.
func (s *Storm) take(in Injection, roles []deployer.Role, e Effect) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []Effect{e}
	for _, other := range s.inForce {
		all = append(all, other)
	}
	if err := s.bearable(roles, all, in.Fault); err != nil {
		return err
	}
	s.inForce[in.Name] = e
	s.busy++
	s.change()
	return nil
}

// over forgets the effect of a fault that is healed.
func (s *Storm) over(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inForce, name)
	s.change()
}

func (s *Storm) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// check admits a fault: once it returns without an error, the fault's effect is
// noted.
func (s *Storm) check(ctx, stop context.Context, a Action, in Injection, f *results.Fault) error {
	select {
	case s.checking <- struct{}{}:
		defer func() { <-s.checking }()
	case <-stop.Done():
		return context.Cause(stop)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, s.checkTime(in))
	defer cancel()
	s.mu.Lock()
	alone := s.busy == 0
	s.mu.Unlock()
	if alone {
		if err := s.Whole(ctx); err != nil {
			return fmt.Errorf("the cluster is not whole before the fault: %w", err)
		}
	}
	roles := s.Roles(ctx)
	c, err := a.Check(ctx, roles)
	if err != nil {
		return err
	}
	if err := s.take(in, roles, c.Effect); err != nil {
		return err
	}
	f.Target = c.Why
	for _, t := range c.Targets {
		f.Nodes = append(f.Nodes, results.Hit{Node: t.Node, Shard: t.Shard, Role: string(t.Role)})
	}
	if len(c.Targets) > 0 {
		f.Node, f.Shard, f.Role = c.Targets[0].Node, c.Targets[0].Shard, string(c.Targets[0].Role)
	}
	return nil
}

// checkTime is how long the check of a fault may take: no longer than the fault's
// time lasts.
func (s *Storm) checkTime(in Injection) time.Duration {
	if deadline, ok := s.deadline(in); ok {
		return min(checkLimit, deadline-time.Since(s.start))
	}
	return checkLimit
}

func (s *Storm) recordCheck(f *results.Fault) error {
	if err := s.journal(f, "check", f.Target); err != nil {
		return err
	}
	s.event(f, results.EventFaultCheck, s.Clock.Now(), f.Target)
	return nil
}

func (s *Storm) prove(ctx context.Context, a Action, f *results.Fault) error {
	limit, _ := limits(a)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not seen within %v", limit))
	defer cancel()
	proof, err := a.Prove(ctx)
	if err != nil {
		return err
	}
	f.Proof, f.Proved = proof, s.Clock.Now()
	s.event(f, results.EventFaultProof, f.Proved, proof)
	return s.journal(f, "prove", proof)
}

// hold waits until the fault's time is over, and asks meanwhile whether it is
// still in force. A stop of the run ends it early.
func (s *Storm) hold(ctx, stop context.Context, a Action, until time.Time) error {
	holding, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	defer context.AfterFunc(stop, cancel)()
	w, ok := a.(Watched)
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	for {
		select {
		case <-holding.Done():
			return nil
		case <-t.C:
		}
		if !ok {
			continue
		}
		asking, done := context.WithTimeout(ctx, watchLimit)
		err := w.InForce(asking)
		done()
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("it did not stay in force: %w", err)
		}
	}
}

// heal ends a fault and verifies that it is over. A journal that cannot be written
// keeps no fault in force: it is reported after the healing.
func (s *Storm) heal(ctx, stop context.Context, a Action, f *results.Fault) (unwritten, unhealed error) {
	unwritten = s.journal(f, "heal", "until the target is back")
	_, limit := limits(a)
	healing, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not seen within %v", limit))
	defer cancel()
	f.Released = s.Clock.Now()
	how, err := a.Heal(healing)
	if err != nil {
		return unwritten, err
	}
	f.Restored, f.Healing = s.Clock.Now(), how
	s.event(f, results.EventFaultHeal, f.Restored, how)
	s.over(f.Name)
	if err := s.verify(ctx, stop); err != nil {
		return unwritten, fmt.Errorf("the cluster did not become whole again: %w", err)
	}
	f.Verified = s.Clock.Now()
	s.event(f, results.EventFaultVerify, f.Verified, "the cluster is whole again")
	return errors.Join(unwritten, s.journal(f, "verify", "the cluster is whole again")), nil
}

// verify waits until the cluster is whole. While another fault is in force it
// cannot be: then the wait begins anew.
func (s *Storm) verify(ctx, stop context.Context) error {
	for {
		s.mu.Lock()
		quiet, changed := len(s.inForce) == 0, s.changed
		s.mu.Unlock()
		if !quiet {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		verifying, cancel := s.verifying(ctx, stop)
		var err error
		ended := make(chan struct{})
		go func() { err = s.Whole(verifying); close(ended) }()
		again := false
		select {
		case <-ended:
		case <-changed:
			again = true
		}
		cancel()
		<-ended
		if !again {
			return err
		}
	}
}

// verifying bounds a wait for the cluster: by verifyLimit, and once the run is
// stopped by stoppedLimit.
func (s *Storm) verifying(ctx, stop context.Context) (context.Context, context.CancelFunc) {
	limited, cancel := context.WithTimeout(ctx, verifyLimit)
	hurry := make(chan struct{})
	release := context.AfterFunc(stop, func() {
		t := time.NewTimer(stoppedLimit)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-hurry:
		}
	})
	return limited, func() {
		release()
		close(hurry)
		cancel()
	}
}

func (s *Storm) fail(f *results.Fault, status results.FaultStatus, err error) {
	f.Status, f.Reason = status, err.Error()
	s.event(f, results.EventFaultFailed, s.Clock.Now(), fmt.Sprintf("%s: %v", status, err))
}

func (s *Storm) event(f *results.Fault, kind string, at results.Duration, message string) {
	e := results.Event{Offset: at, Kind: kind, Source: "chaos", Fault: f.Name, Node: f.Node, Message: message}
	if len(f.Nodes) > 0 {
		shard := f.Shard
		e.Shard = &shard
	}
	// The journal, not the event, is what a fault must not act without. The
	// recorder keeps its error for the end of the run.
	_ = s.Recorder.Event(e)
}

func (s *Storm) journal(f *results.Fault, step, why string) error {
	e := results.JournalEntry{Offset: s.Clock.Now(), Fault: f.Name, Step: step, Node: f.Node, Why: why}
	for _, h := range f.Nodes {
		e.Nodes = append(e.Nodes, h.Node)
	}
	err := s.Recorder.Journal(e)
	if err != nil {
		return fmt.Errorf("the journal cannot be written: %w", err)
	}
	return nil
}
