package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// compareFlags choose the metrics and the thresholds of a comparison. Each text begins with
// the condition under which the flag counts.
func compareFlags(when string) []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "fail-on-regression", Usage: when + "exit with code 4 if B is worse than A"},
		&cli.StringSliceFlag{Name: "metric", Usage: when + "compare `METRIC` instead of the default metrics; write it as NAME[:COMMAND][@PHASE], such as response.p99:GET@steady; may be repeated"},
		&cli.StringSliceFlag{Name: "threshold", Usage: when + "ignore changes smaller than `PERCENT`, such as 10%; for one metric, write it as response.p99=25%; may be repeated"},
	}
}

// answer compares two sets of runs, prints the result, and returns the exit code as an
// error.
func (p *program) answer(a, b *compare.Runs, o compare.Options, failing bool) error {
	cmp, err := compare.Compare(a, b, o)
	var refused *compare.NotComparable
	var unmeasured *compare.Unmeasured
	switch {
	case errors.As(err, &unmeasured):
		return unmeasuredFigure(unmeasured)
	case errors.As(err, &refused) && refused.Unusable:
		return &exit{exitInconclusive, err}
	case errors.As(err, &refused):
		return &exit{exitInvalid, fmt.Errorf("%w; compare them anyway with --force", err)}
	case err != nil:
		return err
	}
	if err := p.write(report.OfComparison(cmp)); err != nil {
		return err
	}
	switch {
	case cmp.Regressed() && failing:
		return &exit{code: exitFailed}
	case cmp.Answer == compare.Noisy, cmp.Blind():
		return &exit{code: exitNoisy}
	}
	return nil
}

// unmeasuredFigure is the error of a figure that not both sides measured, with the one
// that the user may have meant.
func unmeasuredFigure(e *compare.Unmeasured) error {
	const list = "compare without --metric lists all figures"
	if e.Metric == "" {
		return usagef("%w: choose others with --metric", e)
	}
	var known []string
	for _, id := range e.Others {
		known = append(known, typed(id))
	}
	return usagef("--metric %s: %w%s; %s", typed(e.FigureID), e, suggest(typed(e.FigureID), known), list)
}

// typed is a figure as --metric takes it.
func typed(id compare.FigureID) string {
	text := id.Metric
	if id.Command != "" && id.Command != results.All {
		text += ":" + id.Command
	}
	if id.Phase != "" && id.Phase != results.All {
		text += "@" + id.Phase
	}
	return text
}

// foreseen refuses figures of phases and commands that a scenario does not have, before
// its runs.
func foreseen(judged []compare.FigureID, s *scenarios.Scenario) error {
	commands, phases := []string{results.All}, []string{results.All}
	for _, c := range s.Workload.Mix {
		commands = append(commands, c.Label())
	}
	for _, p := range s.Timeline.Phases {
		phases = append(phases, p.Name)
	}
	for _, id := range judged {
		if len(s.Timeline.Phases) == 1 && id.Phase == phases[1] {
			return usagef("--metric %s: %s has only this phase: leave out @%s", typed(id), s.Metadata.Name, id.Phase)
		}
		for _, part := range []struct {
			kind, name string
			known      []string
		}{{"command", id.Command, commands}, {"phase", id.Phase, phases}} {
			if part.name != "" && !slices.Contains(part.known, part.name) {
				return usagef("--metric %s: %s has no %s %q%s; it has %s", typed(id), s.Metadata.Name, part.kind, part.name, suggest(part.name, part.known), strings.Join(part.known[1:], ", "))
			}
		}
	}
	return nil
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
		if err != nil || !percent || !(v >= 0 && v <= 1000) {
			return o, usagef("--threshold %q is not a percentage: write it as 10%% or response.p99=25%%", text)
		}
		if name != "" && !slices.Contains(metrics.Names(), name) {
			return o, usagef("--threshold: unknown metric %q%s; 'slotstorm explain metrics' lists all metrics", name, suggest(name, metrics.Names()))
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
	m, ok := metrics.Named(metric)
	if !ok {
		return id, usagef("--metric: unknown metric %q%s; 'slotstorm explain metrics' lists all metrics", metric, suggest(metric, metrics.Names()))
	}
	switch {
	case !m.ByPhase && (inPhase || ofCommand):
		return id, usagef("--metric %s: %s has no phases and no commands: it always covers the whole timeline", text, metric)
	case !m.ByPhase:
		return id, nil
	}
	if !ofCommand {
		id.Command = results.All
	}
	if !inPhase {
		id.Phase = results.All
	}
	return id, nil
}
