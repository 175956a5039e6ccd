package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
)

// limits bound the proof and the healing of an action.
func limits(a Action) (prove, heal time.Duration) {
	prove, heal = proveLimit, healLimit
	if s, ok := a.(Slow); ok {
		p, h := s.Limits()
		prove, heal = max(prove, p), max(heal, h)
	}
	return prove, heal
}

// Storm injects the faults of a run.
type Storm struct {
	Engine   Engine
	Recorder Recorder
	Clock    results.Clock
	// Roles asks every node what it is, now; those that do not answer are left
	// out. Shards is the number of shards, now.
	Roles  func(ctx context.Context) []deployer.Role
	Shards func() int
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
	// stoppedLimit is verifyLimit once the run is stopped: a user does not wait for minutes
	// after a Ctrl-C, and a full disk keeps replicas from synchronising for good.
	stoppedLimit = 20 * time.Second
	// watchEvery is how often a fault is checked to be still in force.
	watchEvery = 500 * time.Millisecond
	// watchLimit bounds one such question.
	watchLimit = 5 * time.Second
)

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
	if err := bearable(s.Shards(), roles, append([]Effect{e}, s.others(in.Name)...), in.Fault); err != nil {
		return err
	}
	s.inForce[in.Name] = e
	s.busy++
	s.change()
	return nil
}

// beside are the effects of the other faults in force.
func (s *Storm) beside(name string) []Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.others(name)
}

// others is beside; the caller holds mu.
func (s *Storm) others(name string) []Effect {
	var list []Effect
	for other, e := range s.inForce {
		if other != name {
			list = append(list, e)
		}
	}
	return list
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
	w := waits{last: time.Now()}
	defer func() { f.Waited = w.String() }()
	select {
	case s.checking <- struct{}{}:
		defer func() { <-s.checking }()
	case <-stop.Done():
		return context.Cause(stop)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	w.over("until the check of another fault had ended")
	ctx, cancel := context.WithTimeout(ctx, s.checkTime(in))
	defer cancel()
	s.mu.Lock()
	alone := s.busy == 0
	s.mu.Unlock()
	if alone {
		if err := s.Whole(ctx); err != nil {
			return fmt.Errorf("the cluster is not whole before the fault: %w", err)
		}
		w.over("until the cluster was whole")
	}
	roles := s.Roles(ctx)
	w.over("until the nodes had said what they are, or their time was over")
	c, err := a.Check(ctx, roles)
	if err != nil {
		return err
	}
	w.over("until its targets had been looked at")
	if err := s.take(in, roles, c.Effect); err != nil {
		return err
	}
	f.Target, f.Machines, f.Deletes = c.Why, c.Machines, c.Deletes
	for _, t := range c.Targets {
		f.Nodes = append(f.Nodes, results.Hit{Node: t.Node, Shard: t.Shard, Role: string(t.Role)})
	}
	if len(c.Targets) > 0 {
		f.Node, f.Shard, f.Role = c.Targets[0].Node, c.Targets[0].Shard, string(c.Targets[0].Role)
	}
	return nil
}

// waits are what a check waited for, and how long.
type waits struct {
	last time.Time
	list []string
}

// longWait is a wait that is worth a word.
const longWait = 200 * time.Millisecond

// over ends a step of a check.
func (w *waits) over(what string) {
	now := time.Now()
	if took := now.Sub(w.last); took >= longWait {
		w.list = append(w.list, fmt.Sprintf("%.1f s %s", took.Seconds(), what))
	}
	w.last = now
}

func (w *waits) String() string { return strings.Join(w.list, ", ") }

// checkTime is how long the check of a fault may take: no longer than the fault's
// time lasts.
func (s *Storm) checkTime(in Injection) time.Duration {
	if deadline, ok := s.deadline(in); ok {
		return min(checkLimit, deadline-time.Since(s.start))
	}
	return checkLimit
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
	e := results.JournalEntry{Offset: s.Clock.Now(), Fault: f.Name, Step: step, Node: f.Node, Machines: f.Machines, Why: why}
	for _, h := range f.Nodes {
		e.Nodes = append(e.Nodes, h.Node)
	}
	err := s.Recorder.Journal(e)
	if err != nil {
		return fmt.Errorf("the journal cannot be written: %w", err)
	}
	return nil
}

func (s *Storm) recordCheck(f *results.Fault) error {
	if err := s.journal(f, "check", f.Target); err != nil {
		return err
	}
	s.event(f, results.EventFaultCheck, s.Clock.Now(), f.Target)
	return nil
}
