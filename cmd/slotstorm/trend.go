package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/export"
	"github.com/slotstorm/slotstorm/report/render"
	"github.com/slotstorm/slotstorm/results"
)

func (p *program) trendVerb() *cli.Command {
	return &cli.Command{
		Name:      "trend",
		Usage:     "follow every figure over many runs, and tell when it changed",
		ArgsUsage: "[RUNS]",
		Description: "Reads the runs in the folder --out, or RUNS as compare takes them, and tells of each\n" +
			"scenario which figures changed, at which run, and in what that run differs from the one\n" +
			"before. --out html=FILE makes a page, --out csv=FILE a table that Apache Otava reads.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "scenario", Usage: "follow only runs of the scenario `NAME`"},
			&cli.BoolFlag{Name: "fail-on-regression", Usage: "end with 4 if a key figure changed for the worse at one of the latest runs (--recent)"},
			&cli.IntFlag{Name: "recent", Value: 7, Usage: "let --fail-on-regression look at the latest `N` runs"},
		},
		Action: p.trend,
	}
}

func (p *program) trend(c *cli.Context) error {
	if c.NArg() > 1 {
		return usagef("slotstorm trend takes one set of runs; write several with commas between")
	}
	if err := p.writes(c, "text", "markdown", summaryFormat, "json", "html", "csv"); err != nil {
		return err
	}
	set := p.root
	if c.NArg() == 1 {
		set = c.Args().First()
	}
	var builder compare.TrendBuilder
	_, err := p.eachRun(set, func(dir string, b *results.Bundle) error {
		if name := c.String("scenario"); name != "" && b.Run.Name != name {
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
		return fmt.Errorf("there is no run to follow in %s", set)
	}
	markdown := func(w io.Writer) error { return render.TrendMarkdown(w, list) }
	err = p.write(renderers{
		"text":     func(w io.Writer) error { return render.TrendText(w, list, p.colorOut) },
		"markdown": markdown, summaryFormat: markdown,
		"json": func(w io.Writer) error { return writeJSON(w, list) },
		"html": func(w io.Writer) error { return render.TrendHTML(w, list) },
		"csv": func(w io.Writer) error {
			if len(list) > 1 {
				return usagef("a CSV holds one scenario, and there are %d: --scenario names one", len(list))
			}
			return export.TrendCSV(w, list[0])
		},
	})
	if err != nil {
		return err
	}
	if c.Bool("fail-on-regression") && regressed(list, c.Int("recent")) {
		return &exit{code: exitFailed}
	}
	return nil
}

// regressed tells whether a key figure changed for the worse at one of the
// latest runs.
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

func (p *program) pruneVerb() *cli.Command {
	return &cli.Command{
		Name:  "prune",
		Usage: "remove old runs",
		Description: "Removes runs from the folder --out, but for those that a flag keeps. Only whole, sealed\n" +
			"and unchanged bundles go; whatever else is in the folder stays. --dry-run only tells.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "keep", Usage: "keep the newest `N` runs of each scenario"},
			&cli.StringFlag{Name: "keep-within", Usage: "keep runs younger than `AGE`, such as 30d or 12h"},
			&cli.BoolFlag{Name: "keep-failed", Usage: "keep runs whose verdict is not pass"},
			&cli.BoolFlag{Name: "dry-run", Usage: "remove nothing, tell what would go"},
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
	if !c.IsSet("keep") && within == 0 {
		return usagef("slotstorm prune needs --keep N or --keep-within AGE, so that it does not remove everything")
	}
	if c.Int("keep") < 0 {
		return usagef("--keep must not be negative")
	}
	list, err := results.Prune(p.root, results.Retention{Keep: c.Int("keep"), Within: within, Now: p.now(), Failed: c.Bool("keep-failed")}, c.Bool("dry-run"))
	if err != nil {
		return err
	}
	removed, size := 0, int64(0)
	word := map[bool]string{true: "would remove", false: "removed"}[c.Bool("dry-run")]
	for _, e := range list {
		verb := "kept"
		if e.Removed {
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

// age reads a duration, in which d are days.
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
	return 0, usagef("--keep-within %q is no age: write 30d or 12h", text)
}
