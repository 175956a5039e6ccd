package main

import (
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
)

func (p *program) compareVerb() *cli.Command {
	return &cli.Command{
		Name:      "compare",
		Usage:     "compare two sets of runs, A and B: is B worse than A?",
		UsageText: examples("slotstorm compare 'results/runs/before-*' 'results/runs/after-*' --fail-on-regression", "slotstorm compare before after --metric response.p99:GET@steady --threshold 10%"),
		ArgsUsage: "A B",
		Description: "A and B are sets of runs: a run, a folder of runs, a pattern such as\n" +
			"'results/runs/steady-*', or several of these, separated by commas. The runs of a set\n" +
			"count as repetitions of one measurement. The answer is 'worse', 'better', 'changed'\n" +
			"(of a metric without a better direction) or 'no difference that matters'. With 'too\n" +
			"noisy', 'too few runs' or 'open' (a failover without an end) the runs do not decide,\n" +
			"and the exit code is 6. Runs that differ in load, timeline or machine are refused,\n" +
			"except with --force, and invalid runs are left out.\n" +
			"'slotstorm run --against' makes and compares two sets even if load or timeline differ.\n\n" +
			"The default metrics are failover.server (time from the fault until a probe, a plain\n" +
			"connection, writes again), failover.client (time from the fault until the client\n" +
			"library writes again), availability, writes.lost and, if the load has no fixed rate,\n" +
			"throughput. Three more are compared in the first phase only: response.p50 and\n" +
			"response.p99 (from scheduled time to reply), and service.p50 (from send to reply).",
		Flags: append(compareFlags(""),
			&cli.BoolFlag{Name: "force", Usage: "compare runs that differ in load, timeline or machine, and print a warning"}),
		Action: p.compare,
	}
}

func (p *program) compare(c *cli.Context) error {
	if c.NArg() != 2 {
		return usagef("slotstorm compare takes two sets of runs, A and B, but got %d", c.NArg())
	}
	if err := p.writes(c, report.Comparison); err != nil {
		return err
	}
	o, err := compareOptions(c)
	if err != nil {
		return err
	}
	o.Force = c.Bool("force")
	var sides [2]*compare.Runs
	var distinct compare.Distinct
	for i, text := range c.Args().Slice() {
		sides[i] = compare.NewRuns("")
		dirs, err := p.eachRun(text, func(dir string, b *results.Bundle) error {
			if err := distinct.Add(b); err != nil {
				return &exit{exitInvalid, err}
			}
			if err := sides[i].Add(b); err != nil {
				return fmt.Errorf("bundle %s: %w", dir, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		sides[i].Name = setName(text, dirs)
	}
	return p.answer(sides[0], sides[1], o, c.Bool("fail-on-regression"))
}

// setName is a set as the user wrote it, or the first run's name if that is long.
func setName(text string, dirs []string) string {
	if len(text) <= 60 || len(dirs) < 2 {
		return text
	}
	return fmt.Sprintf("%s and %d more", filepath.Base(dirs[0]), len(dirs)-1)
}
