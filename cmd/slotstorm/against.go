package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// defaultRepeats is how often each side runs by default: the fewest
// with which the median of a side has a 95 % interval, and with which the usual
// set of judged figures can show a difference in any of them.
const defaultRepeats = 6

// sides are the two scenarios of 'run --against'.
type sides struct {
	scenario [2]*scenarios.Scenario
	name     [2]string
	// set are the overrides of each, for the commands that repeat their runs.
	set    [2][]string
	source [2]string
}

// againstSides reads --against: a scenario, a redis-server, or settings of A's own
// scenario.
func againstSides(c *cli.Context, name string, set []string, a *scenarios.Scenario) (*sides, error) {
	s := &sides{scenario: [2]*scenarios.Scenario{a}, name: [2]string{"A: " + name}, set: [2][]string{set, set}, source: [2]string{name, name}}
	list := c.StringSlice("against")
	var settings []string
	for _, text := range list {
		info, err := os.Stat(text)
		path, _, isSetting := strings.Cut(text, "=")
		switch {
		case err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0:
			settings = append(settings, "redis.binary="+text)
		case err != nil && isSetting && !strings.ContainsAny(path, `/\`):
			settings = append(settings, text)
		case len(list) > 1:
			return nil, usagef("--against %s: a scenario cannot be combined with other --against flags; only settings of %s can be repeated", text, name)
		default:
			s.source[1] = text
		}
	}
	s.set[1] = append(append([]string{}, set...), settings...)
	s.name[1] = "B: " + strings.Join(list, ", ")
	b, err := single(s.source[1], s.set[1])
	if err != nil {
		return nil, err
	}
	s.scenario[1] = b
	if a.Cluster.Local.Isolation != b.Cluster.Local.Isolation || a.Cluster.Provider != b.Cluster.Provider {
		return nil, usagef("A and B must run in the same place, but differ in cluster.provider or cluster.local.isolation")
	}
	repeats := a.Repeat
	if repeats == 1 && !c.IsSet("repeat") {
		repeats = defaultRepeats
	}
	a.Repeat, b.Repeat = repeats, repeats
	return s, nil
}

// figures is how many figures decide: those that are named, or by default those of both sides.
func (s *sides) figures(how compare.Options) int {
	if n := len(how.Judged); n > 0 {
		return n
	}
	return min(compare.DefaultFigures(s.scenario[0]), compare.DefaultFigures(s.scenario[1]))
}

// turns is the order of runs: AB BA AB ..., so that drift of the machine affects both
// sides alike.
func turns(repeats int) []int {
	var list []int
	for i := range repeats {
		list = append(list, i%2, 1-i%2)
	}
	return list
}

// against runs both sides, alternating, and compares them. If a run ends in an error, or
// the user interrupts, it compares those before it.
func (p *program) against(ctx context.Context, s *sides, o runner.Options, how compare.Options, failing bool) error {
	how.Declared = true
	runs := [2]*compare.Runs{compare.NewRuns(s.name[0]), compare.NewRuns(s.name[1])}
	if least := compare.LeastRuns(s.figures(how)); s.scenario[0].Repeat < least && !p.quiet {
		fmt.Fprintf(p.err, "%d runs of each side can be too few to show a difference: use --repeat %d or more\n", s.scenario[0].Repeat, least)
	}
	if err := p.alternate(ctx, s, o, runs); err != nil {
		return p.unfinished(runs, how, err)
	}
	return p.answer(runs[0], runs[1], how, failing)
}

// unfinished shows the comparison of the runs that were made before an error, which it
// returns.
func (p *program) unfinished(runs [2]*compare.Runs, how compare.Options, cause error) error {
	if runs[0].Usable() == 0 || runs[1].Usable() == 0 {
		return cause
	}
	if !p.quiet {
		fmt.Fprintf(p.err, "not all runs were made: comparing %s and %s\n", made(runs[0]), made(runs[1]))
	}
	err := p.answer(runs[0], runs[1], how, false)
	if undecided := (*exit)(nil); errors.As(err, &undecided) && undecided.err == nil {
		err = nil // the exit code is that of the cause
	}
	return errors.Join(cause, err)
}

func made(r *compare.Runs) string {
	return fmt.Sprintf("%s of %s", words.Plural(r.Usable(), "run", "runs"), r.Name)
}

// alternate makes the runs of both sides, in turns. Repetition i of either side has the
// same seed, and so the same requests at the same moments. An invalid run, such as one on
// a machine that was too busy, is repeated; at most as often in all as there are
// repetitions of a side.
func (p *program) alternate(ctx context.Context, s *sides, o runner.Options, runs [2]*compare.Runs) error {
	repeats := s.scenario[0].Repeat
	order := turns(repeats)
	spare := repeats
	for i, side := range order {
		one := *s.scenario[side]
		one.Repeat, one.Seed = 1, s.scenario[0].Seed+uint64(i/2)
		o.Overrides = lasting(s.set[side])
		o.Command = repeatCommand(s.source[side], s.set[side], one.Seed, true)
		for {
			select {
			case <-o.Stop:
				return &exit{code: exitInterrupted}
			default:
			}
			if !p.quiet {
				fmt.Fprintf(p.err, "run %d of %d, %s, seed %d\n", i+1, len(order), s.name[side], one.Seed)
			}
			r, err := p.once(ctx, &one, o)
			if err != nil {
				return err
			}
			switch code := codeOf(r); code {
			case exitInterrupted:
				return &exit{code: exitInterrupted}
			case exitUnhealed:
				// The next run would measure a broken cluster.
				return &exit{code, fmt.Errorf("run %s: a fault may still be active: %s", r.Bundle.Run.ID, "run 'slotstorm recover "+r.Bundle.Dir+"'")}
			}
			before := runs[side].Usable()
			if err := runs[side].Add(r.Bundle); err != nil {
				return err
			}
			if runs[side].Usable() > before || spare == 0 {
				break
			}
			spare--
			if !p.quiet {
				fmt.Fprintf(p.err, "run %d is invalid (%s): repeating it\n", i+1, firstReason(r.Summary))
			}
		}
	}
	return nil
}

func firstReason(s *results.Summary) string {
	if len(s.Reasons) == 0 {
		return string(s.Verdict)
	}
	return s.Reasons[0]
}
