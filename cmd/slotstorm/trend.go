package main

import (
	"fmt"
	"io"

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
