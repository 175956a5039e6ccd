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
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) tuneVerb() *cli.Command {
	return &cli.Command{
		Name:      "tune",
		Usage:     "find the lowest cluster-node-timeout without a false failover",
		UsageText: examples("slotstorm tune timeout --delay 50ms --jitter 20ms", "slotstorm tune timeout slow-network-false-failover --repeat 5 --most 10s"),
		ArgsUsage: tuneTimeout + " [SCENARIO]",
		Description: "Finds the lowest cluster-node-timeout at which no node is marked FAIL, and no replica takes\n" +
			"over, while every node is up and within reach. A timeout counts as good after --repeat runs\n" +
			"without that. The timeouts that are tried are those of a ladder from --most to --least. In\n" +
			"the end, one primary is killed in a run with the answer, and in one with each of its\n" +
			"neighbours on the ladder, to show how long a failover takes.\n\n" +
			"The flags --delay, --jitter and --loss describe a network between the shards. Without\n" +
			"them and without --hold, the scenario's own timeline is run. The default scenario is\n" +
			"steady. To continue an interrupted search, run the same command again.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "set", Usage: "set a field of the scenario with `PATH=VALUE`, such as redis.binary=./redis-server; may be repeated"},
			&cli.DurationFlag{Name: "delay", Usage: "delay packets between the shards by `DURATION` in each direction"},
			&cli.DurationFlag{Name: "jitter", Usage: "vary the delay by up to `DURATION`, uniformly; a shorter delay is raised to it"},
			&cli.StringFlag{Name: "loss", Usage: "lose `PERCENT` of the packets between the shards, such as 1%"},
			&cli.StringFlag{Name: "traffic", Value: "bus", Usage: "delay and lose packets of `TRAFFIC`: bus (between nodes), client or all"},
			&cli.DurationFlag{Name: "hold", Value: usualHold, Usage: "watch each run for `DURATION`, in whole seconds, and for twice the timeout at least, instead of running the scenario's own timeline"},
			&cli.IntFlag{Name: "repeat", Value: 3, Usage: "make `N` runs with a timeout before it counts as good"},
			&cli.DurationFlag{Name: "least", Value: 250 * time.Millisecond, Usage: "end the ladder at `DURATION`"},
			&cli.DurationFlag{Name: "most", Value: 15 * time.Second, Usage: "begin the ladder at `DURATION`"},
			&cli.IntFlag{Name: "steps", Value: 13, Usage: "give the ladder `N` timeouts, each the same factor below the one before"},
			&cli.DurationFlag{Name: "time", Usage: "start no run after `DURATION`, such as 30m, and answer with what is known by then"},
			&cli.BoolFlag{Name: "fresh", Usage: "start over instead of continuing an interrupted search"},
		},
		Action: p.tune,
	}
}

// tuned is the scenario of a command line.
func tuned(c *cli.Context) (*scenarios.Scenario, error) {
	words := c.Args().Slice()
	switch {
	case len(words) == 0:
		return nil, usagef("slotstorm tune needs what to tune: %s", tuneTimeout)
	case words[0] != tuneTimeout:
		return nil, usagef("slotstorm tune: unknown %q%s; use %s", words[0], suggest(words[0], []string{tuneTimeout}), tuneTimeout)
	case len(words) > 2:
		return nil, usagef("slotstorm tune %s takes one scenario, but got %d", tuneTimeout, len(words)-1)
	case len(words) == 1:
		words = append(words, "steady")
	}
	return single(words[1], c.StringSlice("set"))
}

func (p *program) tune(c *cli.Context) error {
	if err := p.writes(c, report.Tuning); err != nil {
		return err
	}
	s, err := tuned(c)
	if err != nil {
		return err
	}
	plan, err := tuneFlags(c, s)
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
	state, err := seek.Resume[compare.TimeoutStep](p.root, c.Command.Name, s, plan)
	if err != nil {
		return err
	}
	if c.Bool("fresh") {
		state.Steps = map[string][]compare.TimeoutStep{}
	}
	if n := state.Resumed(); n > 0 && !p.quiet {
		fmt.Fprintf(p.err, "continuing a search that was interrupted after %d steps; to start over, add --fresh\n", n)
	}
	t := &tuning{p: p, scenario: s, plan: plan, state: state, began: time.Now(), options: runner.Options{
		Root: p.root, Room: room, Version: p.build().Version, Stop: stop, Began: p.began(nil)}}
	answer, err := t.all(ctx)
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return &exit{exitInterrupted, errors.New("interrupted: run the same command to continue")}
	case err != nil:
		return err
	}
	if err := p.write(report.OfTuning(answer)); err != nil || answer.Unfinished != "" || p.unread() {
		return err
	}
	return state.Done()
}
