package main

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/capacity"
	"github.com/slotstorm/slotstorm/internal/seek"
	"github.com/slotstorm/slotstorm/scenarios"
)

// capacityPlan holds the flags.
type capacityPlan struct {
	Shards []int
	States []bool // one down
	Plan   seek.Plan
	Hold   time.Duration
	sizes  []float64
}

func capacityFlags(c *cli.Context, s *scenarios.Scenario) (*capacityPlan, error) {
	plan := &capacityPlan{Hold: c.Duration("hold"), Plan: seek.Plan{From: c.Float64("from"), Tolerance: c.Float64("tolerance") / 100, Least: 10, Most: c.Float64("most"), Confirm: 2}}
	if plan.Hold < time.Second || plan.Hold%time.Second != 0 {
		return nil, usagef("--hold %s: use whole seconds, such as 10s", plan.Hold)
	}
	if plan.Plan.From == 0 {
		if plan.Plan.From = s.Workload.Rate.PerSecond; s.Workload.Rate.Max {
			plan.Plan.From = 1000
		}
	}
	switch {
	case plan.Plan.From <= 0:
		return nil, usagef("--from must be greater than 0, not %v", plan.Plan.From)
	case plan.Plan.Tolerance <= 0:
		return nil, usagef("--tolerance must be greater than 0, not %v", c.Float64("tolerance"))
	case plan.Plan.Most < plan.Plan.From:
		return nil, usagef("--most %v must not be less than --from, which is %v", plan.Plan.Most, plan.Plan.From)
	}
	var err error
	if plan.States, err = capacityStates(c.String("state")); err != nil {
		return nil, err
	}
	if s.Redis.ReplicasPerShard == 0 && plan.States[len(plan.States)-1] {
		return nil, usagef("one primary down needs a replica: set redis.replicasPerShard, or use --state healthy")
	}
	if plan.Shards, err = shardCounts(c.String("shards"), s.Redis.Shards); err != nil {
		return nil, err
	}
	for _, text := range c.StringSlice("for") {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v > 0) || math.IsInf(v, 0) {
			return nil, usagef("--for %q is not a rate in requests per second", text)
		}
		plan.sizes = append(plan.sizes, v)
	}
	if len(plan.sizes) == 0 && !s.Workload.Rate.Max {
		plan.sizes = []float64{s.Workload.Rate.PerSecond}
	}
	return plan, nil
}

// capacityStates reads --state. True stands for one primary down.
func capacityStates(state string) ([]bool, error) {
	switch state {
	case "healthy":
		return []bool{false}, nil
	case "n-1":
		return []bool{true}, nil
	case "both":
		return []bool{false, true}, nil
	}
	return nil, usagef("--state: unknown state %q%s; use healthy, n-1 or both", state, suggest(state, []string{"healthy", "n-1", "both"}))
}

// shardCounts reads --shards.
func shardCounts(text string, usual int) ([]int, error) {
	if text == "" {
		return []int{usual}, nil
	}
	var list []int
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 3 || n > 100 {
			return nil, usagef("--shards %q: use numbers from 3 to 100, separated by commas", text)
		}
		list = append(list, n)
	}
	return list, nil
}

// fits reports why a step of the plan could not run, before anything is started.
func (plan *capacityPlan) fits(s *scenarios.Scenario) error {
	if s.Cluster.Provider != "local" {
		return usagef("slotstorm capacity needs cluster.provider local")
	}
	for _, n := range plan.Shards {
		for _, down := range plan.States {
			if _, err := capacity.Scenario(s, n, down, plan.Plan.From, plan.Hold); err != nil {
				return &exit{exitInvalid, err}
			}
		}
	}
	return nil
}
