package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/capacity"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/render"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) capacityVerb() *cli.Command {
	return &cli.Command{
		Name:      "capacity",
		Usage:     "find the highest rate that meets the objectives",
		ArgsUsage: "SCENARIO",
		Description: "Takes the scenario's cluster, load and objectives on latency and availability, and finds\n" +
			"the highest rate at which they hold: healthy, and with the primary of one shard down. It\n" +
			"doubles, bisects, and repeats both ends. Each rate is a run of its own, whose warm-up is\n" +
			"not judged. A rate that the load generator could not carry decides nothing. An\n" +
			"interrupted search goes on where it was when the same command is given again.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "set", Usage: "set a field of the scenario: `PATH=VALUE`, such as redis.binary=./redis-server; may be repeated"},
			&cli.StringFlag{Name: "shards", Usage: "search with each of `N,N...` shards instead of the scenario's"},
			&cli.StringFlag{Name: "state", Value: "both", Usage: "search `healthy`, n-1 (one primary down) or both"},
			&cli.Float64Flag{Name: "from", Usage: "begin with `N` requests per second (default: the scenario's rate)"},
			&cli.Float64Flag{Name: "most", Value: 1e6, Usage: "try no more than `N` requests per second"},
			&cli.DurationFlag{Name: "hold", Value: 10 * time.Second, Usage: "judge each rate over `DURATION`, whole seconds"},
			&cli.Float64Flag{Name: "tolerance", Value: 5, Usage: "end when the highest rate that met the objectives is within `PERCENT` of one that did not"},
			&cli.StringSliceFlag{Name: "for", Usage: "tell how many shards `N` requests per second need; may be repeated (default: the scenario's rate)"},
			&cli.BoolFlag{Name: "fresh", Usage: "begin anew, whatever an interrupted search has found"},
		},
		Action: p.capacity,
	}
}

// capacityPlan is what the flags say.
type capacityPlan struct {
	Shards []int
	States []bool // one down
	Plan   capacity.Plan
	Hold   time.Duration
	sizes  []float64
}

func capacityFlags(c *cli.Context, s *scenarios.Scenario) (*capacityPlan, error) {
	plan := &capacityPlan{Hold: c.Duration("hold"), Plan: capacity.Plan{From: c.Float64("from"), Tolerance: c.Float64("tolerance") / 100, Most: c.Float64("most")}}
	if plan.Hold < time.Second || plan.Hold%time.Second != 0 {
		return nil, usagef("--hold %s: write whole seconds, such as 10s", plan.Hold)
	}
	if plan.Plan.From == 0 {
		if plan.Plan.From = s.Workload.Rate.PerSecond; s.Workload.Rate.Max {
			plan.Plan.From = 1000
		}
	}
	if plan.Plan.From <= 0 || plan.Plan.Tolerance <= 0 || plan.Plan.Most < plan.Plan.From {
		return nil, usagef("--from and --tolerance must be above 0, and --most not below --from")
	}
	switch state := c.String("state"); state {
	case "healthy":
		plan.States = []bool{false}
	case "n-1":
		plan.States = []bool{true}
	case "both":
		plan.States = []bool{false, true}
	default:
		return nil, usagef("--state knows no %q%s; it knows healthy, n-1, both", state, suggest(state, []string{"healthy", "n-1", "both"}))
	}
	if s.Redis.ReplicasPerShard == 0 && plan.States[len(plan.States)-1] {
		return nil, usagef("with one primary down there must be a replica: set redis.replicasPerShard, or say --state healthy")
	}
	plan.Shards = []int{s.Redis.Shards}
	if text := c.String("shards"); text != "" {
		plan.Shards = nil
		for word := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(word))
			if err != nil || n < 3 || n > 100 {
				return nil, usagef("--shards %q: write numbers from 3 to 100 with commas between", text)
			}
			plan.Shards = append(plan.Shards, n)
		}
	}
	for _, text := range c.StringSlice("for") {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || v <= 0 {
			return nil, usagef("--for %q is no rate: write requests per second", text)
		}
		plan.sizes = append(plan.sizes, v)
	}
	if len(plan.sizes) == 0 && !s.Workload.Rate.Max {
		plan.sizes = []float64{s.Workload.Rate.PerSecond}
	}
	return plan, nil
}

func (p *program) capacity(c *cli.Context) error {
	name, err := scenarioArg(c)
	if err != nil {
		return err
	}
	if err := p.writes(c, "text", "markdown", summaryFormat, "json", "html"); err != nil {
		return err
	}
	set := c.StringSlice("set")
	s, err := scenarios.Load(name, set...)
	if err != nil {
		return unreadable(err)
	}
	plan, err := capacityFlags(c, s)
	if err != nil {
		return err
	}
	if s.Cluster.Provider != "local" {
		return usagef("capacity works with cluster.provider local")
	}
	// What a step would refuse is told before anything is started.
	for _, n := range plan.Shards {
		for _, down := range plan.States {
			if _, err := capacity.Scenario(s, n, down, plan.Plan.From, plan.Hold); err != nil {
				return &exit{exitInvalid, err}
			}
		}
	}
	room, code, entered, err := p.enterRoom(s, nil)
	if err != nil {
		return err
	}
	if entered {
		return &exit{code: code}
	}
	ctx, stop, release := p.brake(c.Context)
	defer release()
	o := runner.Options{Root: p.root, Room: room, Version: p.build().Version, Log: p.logger(), Stop: stop, Began: p.began(nil)}
	state, err := capacity.Open(p.root, s, plan)
	if err != nil {
		return err
	}
	if c.Bool("fresh") {
		state.Steps = map[string][]compare.CapacityStep{}
	}
	if n := state.Resumed(); n > 0 && !p.quiet {
		fmt.Fprintf(p.err, "going on with a search that was interrupted after %d steps; --fresh begins anew\n", n)
	}
	answer, err := p.searches(ctx, s, plan, state, o)
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return &exit{exitInterrupted, errors.New("interrupted: the same command goes on from here")}
	case err != nil:
		return err
	}
	answer.Sized(plan.sizes)
	if err := state.Done(); err != nil {
		return err
	}
	markdown := func(w io.Writer) error { return render.CapacityMarkdown(w, answer) }
	return p.write(renderers{
		"text":     func(w io.Writer) error { return render.CapacityText(w, answer, p.colorOut) },
		"markdown": markdown, summaryFormat: markdown,
		"json": func(w io.Writer) error { return writeJSON(w, answer) },
		"html": func(w io.Writer) error { return render.CapacityHTML(w, answer) },
	})
}

var errInterrupted = errors.New("interrupted")

// searches runs a search for each number of shards and each state.
func (p *program) searches(ctx context.Context, s *scenarios.Scenario, plan *capacityPlan, state *capacity.State, o runner.Options) (*compare.Capacity, error) {
	answer := &compare.Capacity{SchemaVersion: compare.CapacitySchemaVersion, Scenario: s.Metadata.Name, Hold: plan.Hold.String(), Objectives: []string{}, Answers: []compare.CapacityAnswer{}, Sizes: []compare.Size{}}
	for _, n := range plan.Shards {
		for _, down := range plan.States {
			key := fmt.Sprintf("%d shards, one down %v", n, down)
			try := func(ctx context.Context, rate float64) (compare.CapacityStep, error) {
				return p.step(ctx, s, n, down, rate, plan.Hold, o, answer)
			}
			a, err := capacity.Search(ctx, plan.Plan, capacity.Recall(state.Steps[key], try, func(step compare.CapacityStep) error { return state.Keep(key, step) }))
			if err != nil {
				return nil, err
			}
			a.Shards, a.OneDown = n, down
			answer.Answers = append(answer.Answers, *a)
			if !p.quiet {
				fmt.Fprintf(p.err, "%s: %.0f requests per second\n", key, a.Rate)
			}
		}
	}
	return answer, nil
}

// step holds one rate.
func (p *program) step(ctx context.Context, s *scenarios.Scenario, shards int, down bool, rate float64, hold time.Duration, o runner.Options, answer *compare.Capacity) (compare.CapacityStep, error) {
	select {
	case <-o.Stop:
		return compare.CapacityStep{}, errInterrupted
	default:
	}
	one, err := capacity.Scenario(s, shards, down, rate, hold)
	if err != nil {
		return compare.CapacityStep{}, err
	}
	r, err := p.once(ctx, one, o)
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
	answer.Environment, answer.Redis = r.Bundle.Run.Environment, r.Bundle.Run.Versions.Redis
	answer.Objectives = answer.Objectives[:0]
	for _, ob := range r.Summary.Objectives {
		answer.Objectives = append(answer.Objectives, strings.Replace(ob.Name, " in "+compare.HoldPhase, "", 1))
	}
	if !p.quiet {
		fmt.Fprintf(p.err, "%d shards%s, %.0f requests per second: %s %s\n", shards, map[bool]string{true: ", one primary down"}[down], rate, step.Outcome, step.Why)
	}
	return step, nil
}
