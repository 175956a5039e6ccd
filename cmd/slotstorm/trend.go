package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
)

func (p *program) trendVerb() *cli.Command {
	return &cli.Command{
		Name:      "trend",
		Usage:     "show when metrics changed over many runs",
		UsageText: examples("slotstorm trend --scenario kill-primary", "slotstorm trend results/nightly --fail-on-regression --out html=trend.html"),
		ArgsUsage: "[RUNS]",
		Description: "Reads all runs in the folder of --out, or the runs in RUNS, a set of runs as in\n" +
			"'slotstorm compare'. Prints for each scenario which metrics changed, at which run, and\n" +
			"how that run differs from the one before it. --out html=FILE writes a page, and\n" +
			"--out csv=FILE writes a table for Apache Otava, another program that finds changes in\n" +
			"metrics.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "scenario", Usage: "read only runs of the scenario `NAME`"},
			&cli.BoolFlag{Name: "fail-on-regression", Usage: "exit with code 4 if a default metric of 'slotstorm compare' became worse in one of the latest runs (see --recent), and with code 6 if the runs are too few to show it"},
			&cli.IntFlag{Name: "recent", Value: 7, Usage: "with --fail-on-regression: check the latest `N` runs"},
		},
		Action: p.trend,
	}
}

func (p *program) trend(c *cli.Context) error {
	if c.NArg() > 1 {
		return usagef("slotstorm trend takes one argument; separate several sets of runs by commas")
	}
	if err := p.writes(c, report.Trend); err != nil {
		return err
	}
	set := p.root
	if c.NArg() == 1 {
		set = c.Args().First()
	}
	if c.Int("recent") < 1 {
		return usagef("--recent must be greater than 0, not %d", c.Int("recent"))
	}
	var builder compare.TrendBuilder
	var distinct compare.Distinct
	_, err := p.eachRun(set, func(dir string, b *results.Bundle) error {
		if name := c.String("scenario"); name != "" && b.Run.Name != name {
			return nil
		}
		if err := distinct.Add(b); err != nil {
			fmt.Fprintf(p.err, "slotstorm: %v; the copy is left out\n", err)
			return nil
		}
		if err := builder.Add(b); err != nil {
			return fmt.Errorf("bundle %s: %w", dir, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	list := builder.Trends()
	if len(list) == 0 {
		return fmt.Errorf("no run found in %s", set)
	}
	if len(list) > 1 && slices.ContainsFunc(p.targets, func(t target) bool { return t.format == "csv" }) {
		return usagef("CSV output takes one series of runs, but there are %d: choose a scenario with --scenario, or name runs with the same load, timeline and place", len(list))
	}
	if err := p.write(report.OfTrends(list)); err != nil {
		return err
	}
	switch {
	case !c.Bool("fail-on-regression"):
	case regressed(compare.Current(list), c.Int("recent")):
		return &exit{code: exitFailed}
	case slices.ContainsFunc(compare.Current(list), (*compare.Trend).Blind):
		return &exit{code: exitNoisy}
	}
	return nil
}

// regressed reports whether a key metric became worse at one of the latest runs.
func regressed(list []*compare.Trend, recent int) bool {
	for _, t := range list {
		for _, s := range t.Series {
			for _, ch := range s.Changes {
				if s.Key && ch.Answer == compare.Worse && ch.At >= len(t.Runs)-recent {
					return true
				}
			}
		}
	}
	return false
}
