package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/render"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
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

// compareFlags decide what a comparison answers.
func compareFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "fail-on-regression", Usage: "end with 4 if B is worse"},
		&cli.StringSliceFlag{Name: "metric", Usage: "judge `METRIC[:COMMAND][@PHASE]` instead of the usual set, such as response.p99:GET@steady; may be repeated"},
		&cli.StringSliceFlag{Name: "threshold", Usage: "a change matters from `[METRIC=]PERCENT` on, such as 10% or response.p99=25%; may be repeated"},
	}
}

var comparisonFormats = []string{"text", "markdown", "summary", "json", "html"}

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

// answer compares, prints, and gives the exit code.
func (p *program) answer(a, b *compare.Runs, o compare.Options, failing bool) error {
	cmp, err := compare.Compare(a, b, o)
	var refused *compare.NotComparable
	switch {
	case errors.As(err, &refused) && refused.Unusable:
		return &exit{exitInconclusive, err}
	case errors.As(err, &refused):
		return &exit{exitInvalid, fmt.Errorf("%w; --force compares all the same", err)}
	case err != nil:
		return err
	}
	if err := p.write(comparisonRenderers(cmp, p.colorOut)); err != nil {
		return err
	}
	switch {
	case cmp.Regressed() && failing:
		return &exit{code: exitFailed}
	case cmp.Answer == compare.Noisy:
		return &exit{code: exitNoisy}
	}
	return nil
}

func comparisonRenderers(c *compare.Comparison, color bool) renderers {
	markdown := func(w io.Writer) error { return render.CompareMarkdown(w, c) }
	return renderers{
		"text":     func(w io.Writer) error { return render.CompareText(w, c, color) },
		"markdown": markdown, summaryFormat: markdown,
		"json": func(w io.Writer) error { return writeJSON(w, c) },
		"html": func(w io.Writer) error { return render.CompareHTML(w, c) },
	}
}

func compareOptions(c *cli.Context) (compare.Options, error) {
	o := compare.Options{Thresholds: map[string]float64{}}
	for _, text := range c.StringSlice("metric") {
		id, err := figureID(text)
		if err != nil {
			return o, err
		}
		o.Judged = append(o.Judged, id)
	}
	for _, text := range c.StringSlice("threshold") {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			name, value = "", text
		}
		number, percent := strings.CutSuffix(value, "%")
		v, err := strconv.ParseFloat(number, 64)
		if err != nil || !percent || v < 0 || v > 1000 {
			return o, usagef("--threshold %q is no share: write it as 10%% or response.p99=25%%", text)
		}
		if name != "" && !slices.Contains(compare.FigureMetrics(), name) {
			return o, usagef("--threshold knows no metric %q%s", name, suggest(name, compare.FigureMetrics()))
		}
		o.Thresholds[name] = v / 100
	}
	return o, nil
}

// figureID reads METRIC[:COMMAND][@PHASE].
func figureID(text string) (compare.FigureID, error) {
	rest, phase, inPhase := strings.Cut(text, "@")
	metric, command, ofCommand := strings.Cut(rest, ":")
	id := compare.FigureID{Metric: metric, Command: command, Phase: phase}
	if !slices.Contains(compare.FigureMetrics(), metric) {
		return id, usagef("--metric knows no metric %q%s", metric, suggest(metric, compare.FigureMetrics()))
	}
	m, _ := scenarios.MetricNamed(metric)
	switch {
	case !m.ByPhase && (inPhase || ofCommand):
		return id, usagef("--metric %s: %s is of the whole timeline and of all commands", text, metric)
	case !m.ByPhase:
		return id, nil
	}
	if !ofCommand {
		id.Command = facts.All
	}
	if !inPhase {
		id.Phase = facts.All
	}
	return id, nil
}
