package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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

func (p *program) capacity(c *cli.Context) error {
	name, err := scenarioArg(c)
	if err != nil {
		return err
	}
	if err := p.writes(c, "text", "markdown", summaryFormat, "json", "html"); err != nil {
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
		fmt.Fprintf(p.err, "going on with a search that was interrupted after %d steps; --fresh begins anew\n", n)
	}
	search := &capacitySearch{p: p, scenario: s, plan: plan, state: state, options: runner.Options{
		Root: p.root, Room: room, Version: p.build().Version, Log: p.logger(), Stop: stop, Began: p.began(nil)}}
	answer, err := search.all(ctx)
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
	return p.write(capacityRenderers(answer, p.colorOut))
}

func capacityRenderers(answer *compare.Capacity, color bool) renderers {
	markdown := func(w io.Writer) error { return render.CapacityMarkdown(w, answer) }
	return renderers{
		"text":     func(w io.Writer) error { return render.CapacityText(w, answer, color) },
		"markdown": markdown, summaryFormat: markdown,
		"json": func(w io.Writer) error { return writeJSON(w, answer) },
		"html": func(w io.Writer) error { return render.CapacityHTML(w, answer) },
	}
}
