package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/capacity"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) capacityVerb() *cli.Command {
	return &cli.Command{
		Name:      "capacity",
		Usage:     "find the highest rate that meets the objectives",
		ArgsUsage: "SCENARIO",
		Description: "Finds the highest rate at which the objectives of the scenario on latency and\n" +
			"availability hold, with its cluster and load: healthy, and with the primary of one shard\n" +
			"down. The search doubles the rate, bisects, and repeats both ends. Each rate is a run of\n" +
			"its own, whose warm-up is not judged. A rate that the load generator could not sustain\n" +
			"is not counted. To continue an interrupted search, run the same command again.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "set", Usage: "set a field of the scenario with `PATH=VALUE`, such as redis.binary=./redis-server; may be repeated"},
			&cli.StringFlag{Name: "shards", Usage: "search with each of `N,N...` shards (default: the shards of the scenario)"},
			&cli.StringFlag{Name: "state", Value: "both", Usage: "search in `STATE`: healthy, n-1 (one primary down) or both"},
			&cli.Float64Flag{Name: "from", Usage: "start with `N` requests per second (default: the rate of the scenario)"},
			&cli.Float64Flag{Name: "most", Value: 1e6, Usage: "try at most `N` requests per second"},
			&cli.DurationFlag{Name: "hold", Value: 10 * time.Second, Usage: "judge each rate over `DURATION`, in whole seconds"},
			&cli.Float64Flag{Name: "tolerance", Value: 5, Usage: "stop when the highest rate that met the objectives is within `PERCENT` of one that did not"},
			&cli.StringSliceFlag{Name: "for", Usage: "compute how many shards `N` requests per second need (default: the rate of the scenario); may be repeated"},
			&cli.BoolFlag{Name: "fresh", Usage: "start over instead of continuing an interrupted search"},
		},
		Action: p.capacity,
	}
}

func (p *program) capacity(c *cli.Context) error {
	name, err := scenarioArg(c)
	if err != nil {
		return err
	}
	if err := p.writes(c, report.Capacity); err != nil {
		return err
	}
	s, err := scenarios.Load(name, c.StringSlice("set")...)
	if err != nil {
		return unreadable(err)
	}
	plan, err := capacityFlags(c, s)
	if err != nil {
		return err
	}
	if err := plan.fits(s); err != nil {
		return err
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
	state, err := capacity.Open(p.root, s, plan)
	if err != nil {
		return err
	}
	if c.Bool("fresh") {
		state.Steps = map[string][]compare.CapacityStep{}
	}
	if n := state.Resumed(); n > 0 && !p.quiet {
		fmt.Fprintf(p.err, "continuing a search that was interrupted after %d steps; to start over, add --fresh\n", n)
	}
	search := &capacitySearch{p: p, scenario: s, plan: plan, state: state, options: runner.Options{
		Root: p.root, Room: room, Version: p.build().Version, Stop: stop, Began: p.began(nil)}}
	answer, err := search.all(ctx)
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return &exit{exitInterrupted, errors.New("interrupted: run the same command to continue")}
	case err != nil:
		return err
	}
	answer.Sized(plan.sizes)
	if err := state.Done(); err != nil {
		return err
	}
	return p.write(report.OfCapacity(answer))
}
