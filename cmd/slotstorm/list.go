package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) listVerb() *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "list runs, or the built-in scenarios",
		UsageText: examples("slotstorm list --scenario kill-primary --verdict fail", "slotstorm list scenarios"),
		ArgsUsage: "[runs|scenarios]",
		Description: "Lists the runs in the folder of --out, the newest last, or the built-in scenarios.\n" +
			"A run without a verdict is 'running', or 'killed' if it ended without a report.\n" +
			"In the list of runs, the column FAILOVER is the median time from a fault to the first\n" +
			"successful write of a probe, a connection on which slotstorm writes without a client\n" +
			"library. The column P99 is the 99th percentile of the response times of all commands in\n" +
			"all phases. The column SET shows the fields that the command line changed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "scenario", Usage: "list only runs of the scenario `NAME`"},
			&cli.StringFlag{Name: "verdict", Usage: "list only runs with the verdicts in `LIST`, of " + strings.Join(outcomes(), ", ")},
			&cli.IntFlag{Name: "last", Usage: "list only the newest `N` runs of those"},
		},
		Action: p.list,
	}
}

func (p *program) list(c *cli.Context) error {
	if c.NArg() > 1 {
		return usagef("slotstorm list takes one argument: runs or scenarios")
	}
	switch what := c.Args().First(); what {
	case "", "runs":
		filter, err := runFilterOf(c)
		if err != nil {
			return err
		}
		return p.listRuns(filter)
	case "scenarios":
		for _, name := range []string{"scenario", "verdict", "last"} {
			if c.IsSet(name) {
				return usagef("--%s selects runs: it cannot be combined with 'list scenarios'", name)
			}
		}
		return p.listScenarios()
	default:
		if slices.Contains(builtinNames(), what) {
			return usagef("slotstorm list lists runs or scenarios: for the runs of %s, write 'slotstorm list --scenario %s'", what, what)
		}
		return usagef("slotstorm list: unknown argument %q%s; use runs or scenarios", what, suggest(what, []string{"runs", "scenarios"}))
	}
}

// outcomes are the verdicts, and the states of runs without one.
func outcomes() []string {
	return []string{string(results.Pass), string(results.Fail), string(results.Inconclusive), string(results.Invalid), stateRunning, stateKilled, stateUnreadable}
}

// runFilter selects runs; its zero value selects all.
type runFilter struct {
	scenario string
	outcomes []string
	last     int
}

func runFilterOf(c *cli.Context) (runFilter, error) {
	f := runFilter{scenario: c.String("scenario"), last: c.Int("last")}
	if c.IsSet("last") && f.last < 1 {
		return f, usagef("--last must be at least 1, but is %d", f.last)
	}
	if !c.IsSet("verdict") {
		return f, nil
	}
	for _, v := range strings.Split(c.String("verdict"), ",") {
		if v = strings.TrimSpace(v); !slices.Contains(outcomes(), v) {
			return f, usagef("--verdict: unknown verdict %q%s; verdicts are %s", v, suggest(v, outcomes()), strings.Join(outcomes(), ", "))
		}
		f.outcomes = append(f.outcomes, v)
	}
	return f, nil
}

func (f runFilter) selects(r runRow) bool {
	return (f.scenario == "" || r.Scenario == f.scenario) && (len(f.outcomes) == 0 || slices.Contains(f.outcomes, r.outcome()))
}

func (p *program) listRuns(filter runFilter) error {
	entries, err := results.List(p.root)
	if err != nil {
		return err
	}
	rows := []runRow{}
	for _, e := range entries {
		row := rowOf(e, nil)
		if row.State == stateUnreadable && !p.json {
			fmt.Fprintf(p.err, "slotstorm: %s cannot be read: %s\n", printable.Line(e.Dir), message(e.Err))
		}
		if filter.selects(row) {
			rows = append(rows, row)
		}
	}
	if n := len(rows) - filter.last; filter.last > 0 && n > 0 {
		rows = rows[n:]
	}
	switch {
	case p.json:
		return p.printJSON(rows)
	case len(rows) == 0 && len(entries) > 0 && !p.quiet:
		fmt.Fprintf(p.err, "None of the %d runs in %s matches.\n", len(entries), p.root)
	case len(rows) == 0 && !p.quiet:
		fmt.Fprintf(p.err, "There is no run in %s yet. Make one with 'slotstorm run kill-primary'.\n", p.root)
	case !p.quiet:
		p.table(rows)
	}
	return nil
}

func (p *program) listScenarios() error {
	list := scenarios.Builtin()
	if p.json {
		return p.printJSON(list)
	}
	rows := make([][]console.Cell, len(list))
	for i, b := range list {
		rows[i] = []console.Cell{{Text: b.Name, Style: console.Bold}, {Text: strings.Join(strings.Fields(b.Description), " ")}}
	}
	if !p.quiet {
		p.columns([]string{"SCENARIO", "DESCRIPTION"}, rows)
	}
	return nil
}
