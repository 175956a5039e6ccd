package main

import (
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
)

func (p *program) compareVerb() *cli.Command {
	return &cli.Command{
		Name:      "compare",
		Usage:     "tell whether B is worse than A",
		ArgsUsage: "A B",
		Description: "Lays two sets of runs side by side. A set is a run, a folder of runs, a pattern such as\n" +
			"'results/runs/steady-*', or several of these with commas between; its runs count as\n" +
			"repetitions of one thing. The answer is worse, better, no difference that matters, or\n" +
			"too noisy to tell. Runs of another load, timeline or machine are refused, and runs that\n" +
			"were invalid are left out. 'slotstorm run --against' makes runs that compare well.",
		Flags: append(compareFlags(),
			&cli.BoolFlag{Name: "force", Usage: "compare runs that are not comparable, with a warning"}),
		Action: p.compare,
	}
}

func (p *program) compare(c *cli.Context) error {
	if c.NArg() != 2 {
		return usagef("slotstorm compare takes two sets of runs, A and B, and there %s %d", map[bool]string{true: "is", false: "are"}[c.NArg() == 1], c.NArg())
	}
	if err := p.writes(c, comparisonFormats...); err != nil {
		return err
	}
	o, err := compareOptions(c)
	if err != nil {
		return err
	}
	o.Force = c.Bool("force")
	var sides [2]*compare.Runs
	taken := map[string]bool{}
	for i, text := range c.Args().Slice() {
		sides[i] = compare.NewRuns("")
		dirs, err := p.eachRun(text, func(dir string, b *results.Bundle) error {
			if taken[dir] {
				return usagef("%s is in A and in B", dir)
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
		for _, dir := range dirs {
			taken[dir] = true
		}
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
