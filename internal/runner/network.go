package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// standing puts the scenario's network in force, and awaits its proof. end takes it away
// and gives the record of each of its conditions.
func standing(ctx context.Context, s *scenarios.Scenario, st site.Site, rec *recorder, keep *keeper) (end func() []results.Fault, err error) {
	// The drain and the healing after the timeline take no longer.
	const margin = 10 * time.Minute
	lasts := s.Workload.Warmup + s.Timeline.Length() + scenarios.Duration(margin)
	conditions := s.Cluster.Network.Conditions(lasts)
	if len(conditions) == 0 {
		return func() []results.Fault { return nil }, nil
	}
	c := st.Redis()
	log := &proofs{Recorder: faultLog{keep, &rec.show}, ended: make(chan error, 2*len(conditions))}
	storm := &chaos.Storm{Engine: st.Engine(), Recorder: log, Clock: rec.clock, Roles: c.Roles, Shards: c.PresentShards, Whole: c.AwaitWhole}
	stop, stopNow := context.WithCancel(ctx)
	done := make(chan []results.Fault, 1)
	go func() { done <- storm.Rage(ctx, stop, time.Now(), chaos.Standing(conditions, s.Seed)) }()
	end = func() []results.Fault {
		stopNow()
		return <-done
	}
	for range conditions {
		select {
		case err = <-log.ended:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if err != nil {
			end()
			return nil, fmt.Errorf("the network of the scenario: %w", err)
		}
	}
	return end, nil
}

// proofs reports the proof of each condition, or why it has none.
type proofs struct {
	chaos.Recorder
	ended chan error
}

// Event passes an event on.
func (p *proofs) Event(e results.Event) error {
	switch e.Kind {
	case results.EventFaultProof:
		p.report(nil)
	case results.EventFaultFailed:
		p.report(fmt.Errorf("%s: %s", e.Fault, e.Message))
	}
	return p.Recorder.Event(e)
}

// report never waits: what comes after the proof is in the record of the condition.
func (p *proofs) report(err error) {
	select {
	case p.ended <- err:
	default:
	}
}
