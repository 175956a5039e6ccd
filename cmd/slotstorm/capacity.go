package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/internal/seek"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/compare"
)

func (p *program) capacityVerb() *cli.Command {
	return &cli.Command{
		Name:      "capacity",
		Usage:     "find the highest request rate at which a cluster meets the objectives",
		UsageText: examples("slotstorm capacity steady --for 40000", "slotstorm capacity shop.yaml --shards 3,6 --state n-1 --most 20000"),
		ArgsUsage: "SCENARIO",
		Description: "Finds the highest request rate at which the scenario's cluster meets the scenario's\n" +
			"objectives (limits) for latency and availability. It searches with a healthy cluster, and\n" +
			"again with one primary down, after its replica has taken over. A search doubles the rate\n" +
			"until an objective is missed, tries rates between the highest good and the lowest bad\n" +
			"rate, and in the end measures both rates once more. Each rate is measured in a run of\n" +
			"its own, whose warm-up is not judged. If the load generator is too slow for a rate in\n" +
			"three runs, the search stays below that rate, and the answer says so. To continue an\n" +
			"interrupted search, run the same command again.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "set", Usage: "set a field of the scenario with `PATH=VALUE`, such as redis.binary=./redis-server; may be repeated"},
			&cli.StringFlag{Name: "shards", Usage: "search with each number of shards in `LIST`, such as 3,6 (default: the number in the scenario)"},
			&cli.StringFlag{Name: "state", Value: "both", Usage: "search in `STATE`: healthy, n-1 (one primary down) or both"},
			&cli.Float64Flag{Name: "from", Usage: "start with `N` requests per second (default: the rate of the scenario)"},
			&cli.Float64Flag{Name: "most", Value: 1e6, Usage: "try at most `N` requests per second"},
			&cli.DurationFlag{Name: "hold", Value: 10 * time.Second, Usage: "judge each rate over `DURATION`, in whole seconds"},
			&cli.Float64Flag{Name: "tolerance", Value: 5, Usage: "stop when the highest rate that met the objectives and the lowest one that missed them differ by at most `PERCENT`"},
			&cli.StringSliceFlag{Name: "for", Usage: "compute the number of shards that a rate of `N` requests per second needs (default: the rate of the scenario); may be repeated"},
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
	s, err := single(name, c.StringSlice("set"))
	if err != nil {
		return err
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
	ctx, stop, release := p.brake(c.Context, stoppingRun)
	defer release()
	state, err := seek.Resume[compare.CapacityStep](p.root, c.Command.Name, s, plan)
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
	if err := p.write(report.OfCapacity(answer)); err != nil || p.unread() {
		return err
	}
	return state.Done()
}
