package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/internal/seek"
	"github.com/slotstorm/slotstorm/internal/tune"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// errTimeUp ends a search at --time.
var errTimeUp = errors.New("the time is up")

// tuning searches the lowest timeout.
type tuning struct {
	p        *program
	scenario *scenarios.Scenario
	plan     *tunePlan
	state    *seek.State[compare.TimeoutStep]
	options  runner.Options
	began    time.Time
	answer   compare.Tuning
}

// timeoutOf reads a step for the search.
func timeoutOf(s compare.TimeoutStep) (float64, seek.Outcome) {
	return float64(s.Position), map[compare.TimeoutOutcome]seek.Outcome{compare.Quiet: seek.Met, compare.Falsely: seek.Missed}[s.Outcome]
}

func (t *tuning) all(ctx context.Context) (*compare.Tuning, error) {
	t.answer = compare.Tuning{
		SchemaVersion: compare.TuningSchemaVersion, Scenario: t.scenario.Metadata.Name, Condition: t.condition(), Repeat: t.plan.Repeat,
		Own: results.DurationOf(t.scenario.Redis.NodeTimeout()), Steps: []compare.TimeoutStep{}, Kills: []compare.TimeoutKill{},
	}
	for _, d := range t.plan.Ladder {
		t.answer.Ladder = append(t.answer.Ladder, results.DurationOf(d))
	}
	keep := func(s compare.TimeoutStep) error { return t.state.Keep(tuneTimeout, s) }
	found, err := seek.Search(ctx, t.plan.search(), seek.Recall(t.state.Steps[tuneTimeout], timeoutOf, t.step, keep), timeoutOf)
	t.answer.Steps = append(t.answer.Steps, found.Steps...)
	t.answer.Lowest, t.answer.Falsely = t.at(found.Value), t.at(found.Missed)
	if err == nil && found.Value > 0 {
		err = t.kills(ctx, int(found.Value))
	}
	switch {
	case errors.Is(err, errTimeUp):
		t.answer.Unfinished = "--time " + t.plan.limit.String() + " is over; the same command continues it"
	case err != nil:
		return nil, err
	case found.Limit == seek.ByOpen:
		t.answer.Unfinished = "three runs in a row with " + t.undecided() + " gave no answer"
		// The same command makes the runs anew: what was in the way may be mended.
		return &t.answer, t.state.Done()
	}
	return &t.answer, nil
}

// undecided is the timeout of the last step without an answer, and why its last run gave none.
func (t *tuning) undecided() string {
	for _, s := range slices.Backward(t.answer.Steps) {
		if s.Outcome == compare.Undecided {
			return fmt.Sprintf("%d ms (the last: %s)", s.Timeout.Std().Milliseconds(), s.Runs[len(s.Runs)-1].Why)
		}
	}
	return "one timeout"
}

// condition is what the nodes are exposed to, in words.
func (t *tuning) condition() string {
	if t.plan.Condition.Hold > 0 {
		return t.plan.Condition.String()
	}
	return "the timeline of " + t.scenario.Metadata.Name
}

// at is the timeout at a position of the ladder, 0 for none.
func (t *tuning) at(position float64) results.Duration {
	if position == 0 {
		return 0
	}
	return t.answer.Ladder[int(position)-1]
}

// step makes the runs with one timeout, until one has a false failover.
func (t *tuning) step(ctx context.Context, position float64) (compare.TimeoutStep, error) {
	s := compare.TimeoutStep{Position: int(position), Timeout: t.at(position), Outcome: compare.Quiet, Runs: []compare.TimeoutRun{}}
	for i := range t.plan.Repeat {
		one, err := tune.At(t.scenario, t.plan.Condition, s.Timeout.Std(), i)
		if err != nil {
			return s, err
		}
		bundle, err := t.run(ctx, one)
		if err != nil {
			return s, err
		}
		r, err := compare.JudgeTimeout(bundle)
		if err != nil {
			return s, err
		}
		s.Runs = append(s.Runs, r)
		t.say("%d ms, run %d of %d: %s %s", s.Timeout.Std().Milliseconds(), i+1, t.plan.Repeat, r.Outcome, r.Why)
		if r.Outcome != compare.Quiet {
			s.Outcome = r.Outcome
			break
		}
	}
	return s, nil
}

// kills measures a failover at a position of the ladder and at its neighbours.
func (t *tuning) kills(ctx context.Context, position int) error {
	for i := max(1, position-1); i <= min(len(t.plan.Ladder), position+1); i++ {
		timeout := t.plan.Ladder[i-1]
		one, err := tune.Killed(t.scenario, t.plan.Condition, timeout)
		if err != nil {
			return err
		}
		bundle, err := t.run(ctx, one)
		if err != nil {
			return err
		}
		k, err := compare.JudgeKill(bundle, timeout)
		if err != nil {
			return err
		}
		t.answer.Kills = append(t.answer.Kills, k)
		t.say("%d ms, a primary is killed: failover in %s %s", timeout.Milliseconds(), k.Server.Std().Round(time.Millisecond), k.Why)
	}
	return nil
}

// run makes one run.
func (t *tuning) run(ctx context.Context, s *scenarios.Scenario) (*results.Bundle, error) {
	select {
	case <-t.options.Stop:
		return nil, errInterrupted
	default:
	}
	if t.plan.limit > 0 && time.Since(t.began) >= t.plan.limit {
		return nil, errTimeUp
	}
	r, err := t.p.once(ctx, s, t.options)
	if err != nil {
		return nil, err
	}
	if r.Bundle.Run.Interrupted != "" {
		return nil, errInterrupted
	}
	t.answer.Environment, t.answer.Server = r.Bundle.Run.Environment, r.Bundle.Run.Versions.Server
	return r.Bundle, nil
}

func (t *tuning) say(format string, args ...any) {
	if !t.p.quiet {
		fmt.Fprintf(t.p.err, format+"\n", args...)
	}
}
