package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/internal/capacity"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/internal/seek"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/scenarios"
)

var errInterrupted = errors.New("interrupted")

// capacitySearch searches the highest rate for each number of shards and each state.
type capacitySearch struct {
	p        *program
	scenario *scenarios.Scenario
	plan     *capacityPlan
	state    *seek.State[compare.CapacityStep]
	options  runner.Options
}

// capacityLimit is the limit of a search in words.
func capacityLimit(found *seek.Answer[compare.CapacityStep]) string {
	switch found.Limit {
	case seek.ByMiss:
		return "the objectives"
	case seek.ByMost:
		return "the highest rate that was to be tried"
	case seek.ByOpen:
		return compare.NoAnswer(found.Steps)
	}
	return ""
}

// rateOf reads a step for the search.
func rateOf(s compare.CapacityStep) (float64, seek.Outcome) {
	return s.Rate, map[compare.CapacityOutcome]seek.Outcome{compare.Meets: seek.Met, compare.Misses: seek.Missed}[s.Outcome]
}

func (c *capacitySearch) all(ctx context.Context) (*compare.Capacity, error) {
	answer := &compare.Capacity{SchemaVersion: compare.CapacitySchemaVersion, Scenario: c.scenario.Metadata.Name, Hold: c.plan.Hold.String(), Objectives: []string{}, Answers: []compare.CapacityAnswer{}, Sizes: []compare.Size{}}
	for _, n := range c.plan.Shards {
		for _, down := range c.plan.States {
			key := fmt.Sprintf("%d shards, one down %v", n, down)
			try := func(ctx context.Context, rate float64) (compare.CapacityStep, error) {
				one, err := capacity.Scenario(c.scenario, n, down, rate, c.plan.Hold)
				if err != nil {
					return compare.CapacityStep{}, err
				}
				return c.step(ctx, one, rate, answer)
			}
			keep := func(step compare.CapacityStep) error { return c.state.Keep(key, step) }
			found, err := seek.Search(ctx, c.plan.Plan, seek.Recall(c.state.Steps[key], rateOf, try, keep), rateOf)
			if err != nil {
				return nil, err
			}
			a := compare.CapacityAnswer{Shards: n, OneDown: down, Rate: found.Value, Confirmed: found.Confirmed, Misses: found.Missed, Limit: capacityLimit(found), Steps: found.Steps}
			answer.Answers = append(answer.Answers, a)
			if !c.p.quiet {
				fmt.Fprintf(c.p.err, "%s: %.0f requests per second\n", key, a.Rate)
			}
		}
	}
	return answer, nil
}

// step holds one rate, that of s.
func (c *capacitySearch) step(ctx context.Context, s *scenarios.Scenario, rate float64, answer *compare.Capacity) (compare.CapacityStep, error) {
	select {
	case <-c.options.Stop:
		return compare.CapacityStep{}, errInterrupted
	default:
	}
	r, err := c.p.once(ctx, s, c.options)
	if err != nil {
		return compare.CapacityStep{}, err
	}
	if r.Bundle.Run.Interrupted != "" {
		return compare.CapacityStep{}, errInterrupted
	}
	step, err := compare.JudgeStep(r.Bundle, rate)
	if err != nil {
		return compare.CapacityStep{}, err
	}
	answer.Environment, answer.Server = r.Bundle.Run.Environment, r.Bundle.Run.Versions.Server
	answer.Objectives = answer.Objectives[:0]
	for _, ob := range r.Summary.Objectives {
		answer.Objectives = append(answer.Objectives, strings.Replace(ob.Name, " in "+compare.HoldPhase, "", 1))
	}
	if !c.p.quiet {
		down := ""
		if len(s.Timeline.Faults) > 0 {
			down = ", one primary down"
		}
		fmt.Fprintf(c.p.err, "%d shards%s, %.0f requests per second: %s %s\n", s.Redis.Shards, down, rate, step.Outcome, step.Why)
	}
	return step, nil
}
