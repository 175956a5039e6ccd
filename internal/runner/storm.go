package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/ledger"
	"github.com/slotstorm/slotstorm/workload/remote"
)

// drainLimit bounds the wait for replies after the last request.
const drainLimit = 15 * time.Second

// storm drives the load, injects the faults and carries out the upgrade. It gives
// the auditor of the load, nil if nothing is audited.
func storm(ctx context.Context, s *scenarios.Scenario, st site.Site, rec *recorder, in inputs) (*ledger.Auditor, error) {
	stop, stopNow := context.WithCancel(ctx)
	defer stopNow()
	interrupted := interruption(in.halt.done, stop, stopNow)
	keep := &keeper{Writer: rec.bundle, stop: stopNow}
	plan := planned(s, st, rec, keep)
	plan.Times = in.times
	if fleet := st.Fleet(); fleet != nil {
		plan.Remote = fleet.Driver
	} else {
		// The topology is watched from where the load comes from.
		defer watch(ctx, st, plan)()
	}
	asBefore, err := standing(ctx, s, st, rec, keep)
	if err != nil {
		return nil, err
	}
	load, err := workload.Drive(ctx, stop, plan)
	if err != nil {
		asBefore()
		return nil, fmt.Errorf("starting the load: %w", err)
	}
	began(s, load, rec)

	t := timeline{scenario: s, site: st, rec: rec, keeper: keep, from: load.Start.Add(s.Workload.Warmup.Std()), length: s.Timeline.Length().Std()}
	faults := t.faults(ctx, stop)
	upgraded := t.upgrade(ctx, stop)
	followed := t.follow(ctx, load)

	loadErr := load.Wait()
	in.samples.loaded(ctx)
	rec.facts.LoadEnd = min(rec.clock.Now(), rec.facts.TimelineStart+results.DurationOf(t.length))
	followed()
	rec.Stage("drain")
	rec.Stage("heal")
	rec.facts.Faults = faults()
	upgradeErr := upgraded()
	rec.facts.Network = asBefore()
	err = ended(ctx, load, loadErr, rec)
	select {
	case <-interrupted:
		rec.facts.Interrupted = in.halt.why
		rec.Stage("interrupted")
	default:
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	unwritten := keep.unwritten(rec.facts.Faults)
	if unwritten != nil && errors.Is(err, keep.err) {
		err = nil // it is in the other one
	}
	return plan.Audit, errors.Join(err, upgradeErr, unwritten)
}

// inputs are what a load takes beside the scenario: the times of a replay, what halts
// it gently, and what samples the nodes meanwhile.
type inputs struct {
	times   []time.Duration
	halt    *halt
	samples *sampler
}

// interruption ends the timeline when a gentle stop is requested before it is over,
// and is closed then.
func interruption(stop <-chan struct{}, over context.Context, end func()) <-chan struct{} {
	interrupted := make(chan struct{})
	go func() {
		select {
		case <-stop:
			close(interrupted)
			end()
		case <-over.Done():
		}
	}()
	return interrupted
}

// planned is the load of a scenario.
func planned(s *scenarios.Scenario, st site.Site, rec *recorder, keep *keeper) workload.Plan {
	plan := workload.Plan{
		Workload: s.Workload, Seed: s.Seed, Target: seated(st, s.Workload.Generators), Clock: rec.clock,
		Length: s.Workload.Warmup.Std() + s.Timeline.Length().Std(), Sink: keep.Frame, Drain: drainLimit, Emit: rec.Emit,
	}
	if a := s.Workload.Audit; a != nil {
		plan.Audit = ledger.NewAuditor(ledger.Audit{
			Target: plan.Target, Spec: *a, Run: rec.facts.ID, Clock: rec.clock, Ledger: keep.Ledger, Reads: keep.AuditRead,
		})
	}
	return plan
}

// watch polls the views of all nodes until the end is called.
func watch(ctx context.Context, st site.Site, plan workload.Plan) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		st.Redis().Watch(ctx, plan.Workload.Probe.Interval.Std(), plan.Clock, plan.Emit)
	}()
	return func() { cancel(); <-done }
}

// began records when the load and the phases begin.
func began(s *scenarios.Scenario, load *workload.Load, rec *recorder) {
	run := &rec.facts
	run.LoadStart = rec.clock.At(load.Start)
	run.TimelineStart = run.LoadStart + results.DurationOf(s.Workload.Warmup.Std())
	run.Client = load.Client()
	run.Versions.GoRedis = run.Client.Version
	from := run.TimelineStart
	for _, p := range s.Timeline.Phases {
		run.Phases = append(run.Phases, results.PhaseWindow{Name: p.Name, From: from, To: from + results.DurationOf(p.Duration.Std())})
		from = run.Phases[len(run.Phases)-1].To
	}
}

// ended closes the load and records its generators and outages. Records of a lost
// generator are missing from the bundle: the report says so, and it is no error.
func ended(ctx context.Context, load *workload.Load, loadErr error, rec *recorder) error {
	generators, closeErr := load.Close(ctx)
	rec.facts.Generators = generators
	err := errors.Join(loadErr, closeErr)
	if errors.Is(err, remote.ErrLost) {
		rec.Note(err.Error())
		err = nil
	}
	rec.facts.ProbeOutages, rec.facts.ClientOutages = load.Outages()
	return err
}
