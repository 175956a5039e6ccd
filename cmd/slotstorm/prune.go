package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/results"
)

func (p *program) pruneVerb() *cli.Command {
	return &cli.Command{
		Name:      "prune",
		Usage:     "remove old runs",
		UsageText: examples("slotstorm prune --keep 10 --keep-failed", "slotstorm prune --keep-within 30d --dry-run", "slotstorm prune --killed"),
		Description: "Removes the runs in the folder of --out, except those that at least one of --keep,\n" +
			"--keep-within and --keep-failed selects. One of the first two is required, or --killed. A\n" +
			"run is removed only if it is complete and unchanged since slotstorm recorded the\n" +
			"checksums of its files, or with --killed if it was killed. A running run never is, nor is\n" +
			"a killed one before 'slotstorm recover RUN', which undoes what it has left.\n" +
			"Everything else in the folder stays.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "keep", Usage: "keep the newest `N` runs of each scenario"},
			&cli.StringFlag{Name: "keep-within", Usage: "keep runs younger than `AGE`, such as 30d or 12h"},
			&cli.BoolFlag{Name: "keep-failed", Usage: "keep runs whose verdict is not pass"},
			&cli.BoolFlag{Name: "killed", Usage: "also remove runs that were killed; without --keep and --keep-within only those"},
			&cli.BoolFlag{Name: "dry-run", Usage: "print what would be removed, and remove nothing"},
		},
		Action: p.prune,
	}
}

func (p *program) prune(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	within, err := age(c.String("keep-within"))
	if err != nil {
		return err
	}
	rules := c.IsSet("keep") || within > 0
	if !rules && !c.Bool("killed") {
		return usagef("slotstorm prune needs --keep N or --keep-within AGE, so that it cannot remove all runs; or --killed")
	}
	if c.Int("keep") < 0 {
		return usagef("--keep must not be negative")
	}
	list, err := results.Prune(p.root, results.Retention{
		Keep: c.Int("keep"), Within: within, Now: p.now(), Failed: c.Bool("keep-failed"), Killed: c.Bool("killed"), Complete: !rules,
	}, c.Bool("dry-run"))
	if err != nil {
		return err
	}
	removed, size := 0, int64(0)
	word := map[bool]string{true: "would remove", false: "removed"}[c.Bool("dry-run")]
	for _, e := range list {
		verb := "kept"
		if e.Chosen {
			verb = word
			removed++
			size += e.Size
		}
		if !p.quiet && !p.json {
			fmt.Fprintf(p.out, "%s %s (%s)\n", verb, filepath.Base(e.Dir), e.Why)
		}
	}
	if p.json {
		return p.printJSON(list)
	}
	if !p.quiet {
		fmt.Fprintf(p.out, "%s %d of %d runs, %.1f MB\n", word, removed, len(list), float64(size)/1e6)
	}
	return nil
}

// age reads a duration. The unit d is a day.
func age(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n > 0 {
			return time.Duration(n * 24 * float64(time.Hour)), nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d, nil
	}
	return 0, usagef("--keep-within %q is not an age, such as 30d or 12h", text)
}
