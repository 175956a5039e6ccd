package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

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
	// A look that takes long must not hold the end of the fault up. Others are left to end:
	// some ask over a connection that would break.
	limit, looking := watchLimit, ctx
	if l, ok := a.(Lengthy); ok {
		limit, looking = l.LookLimit(), holding
	}
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	for {
		select {
		case <-holding.Done():
			return nil
		case <-t.C:
		}
		if !ok || holding.Err() != nil {
			continue
		}
		asking, done := context.WithTimeout(looking, limit)
		err := w.InForce(asking)
		done()
		if err != nil && looking.Err() == nil {
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
