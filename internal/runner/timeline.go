package runner

import (
	"context"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload"
)

// timeline is what happens to the cluster while the load runs. Each of its parts
// begins at once and gives a function that awaits its end.
type timeline struct {
	scenario *scenarios.Scenario
	site     site.Site
	rec      *recorder
	keeper   *keeper
	// from is when it begins, length how long it is.
	from   time.Time
	length time.Duration
}

// faults injects those of the scenario. Once stop is done, those in force are
// healed, and no other begins.
func (t timeline) faults(ctx, stop context.Context) (wait func() []results.Fault) {
	c := t.site.Redis()
	storm := &chaos.Storm{
		Engine: t.site.Engine(), Recorder: faultLog{t.keeper, &t.rec.show}, Clock: t.rec.clock, Roles: c.Roles, Shards: c.PresentShards, Length: t.length, Whole: c.AwaitWhole,
	}
	done := make(chan []results.Fault, 1)
	go func() { done <- storm.Rage(ctx, stop, t.from, chaos.Plan(t.scenario.Timeline, t.scenario.Seed)) }()
	return func() []results.Fault { return <-done }
}

// upgrade carries out the scenario's upgrade, if it has one. No step begins after
// the end of the timeline.
func (t timeline) upgrade(ctx, stop context.Context) (wait func() error) {
	plan := t.scenario.Timeline.Upgrade
	if plan == nil {
		return func() error { return nil }
	}
	u := &deployer.Upgrade{Cluster: t.site.Redis(), Place: t.site.Upgrader(), Plan: *plan, From: t.scenario.Redis.Release(), Clock: t.rec.clock, Emit: t.rec.upgrade}
	done := make(chan error, 1)
	go func() {
		before, cancel := context.WithDeadline(stop, t.from.Add(t.length))
		defer cancel()
		result, surfaces := u.Run(ctx, before, t.from)
		if result.From == (results.Server{}) {
			result.From = t.rec.facts.Versions.Server
		}
		t.rec.facts.Upgrade = &result
		done <- t.rec.bundle.SaveSurfaces(surfaces)
	}()
	return func() error { return <-done }
}

// follow records stages and phases as they begin, and looks at the load between.
func (t timeline) follow(ctx context.Context, load *workload.Load) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		marks := t.marks(load.Start)
		total := t.from.Add(t.length).Sub(load.Start)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			for len(marks) > 0 && !time.Now().Before(marks[0].at) {
				m := marks[0]
				marks = marks[1:]
				t.rec.Emit(results.Event{Offset: t.rec.clock.At(m.at), Kind: results.EventStage, Source: "runner", Stage: m.stage, Phase: m.phase, Message: m.label})
				t.rec.show.stage(m.label, m.phase)
			}
			p := load.Progress()
			t.rec.show.tick(Progress{Elapsed: min(time.Since(load.Start), total), Total: total, Requests: p.Requests, Errors: p.Errors, Rate: p.Rate, P99: p.P99})
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}

// mark is the beginning of a stage.
type mark struct {
	at time.Time
	// label is what is shown; phase is empty for a stage that is no phase.
	stage, phase, label string
}

func (t timeline) marks(start time.Time) []mark {
	var marks []mark
	if t.scenario.Workload.Warmup > 0 {
		marks = append(marks, mark{at: start, stage: results.StageWarmup, label: results.StageWarmup})
	}
	at := t.from
	for _, p := range t.scenario.Timeline.Phases {
		marks = append(marks, mark{at, results.StagePhase, p.Name, "phase: " + p.Name})
		at = at.Add(p.Duration.Std())
	}
	return marks
}
