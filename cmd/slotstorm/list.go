package main

import (
	"fmt"
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
		ArgsUsage: "[runs|scenarios]",
		Description: "Lists the runs in the folder of --out, the newest last, or the built-in scenarios.\n" +
			"In the list of runs, the column FAILOVER is the median time from a fault to the first\n" +
			"successful write of a probe, a connection on which slotstorm writes without a client\n" +
			"library. The column P99 is the 99th percentile of the response times of all commands in\n" +
			"all phases.",
		Action: p.list,
	}
}

func (p *program) list(c *cli.Context) error {
	if c.NArg() > 1 {
		return usagef("slotstorm list takes one argument: runs or scenarios")
	}
	switch what := c.Args().First(); what {
	case "", "runs":
		return p.listRuns()
	case "scenarios":
		return p.listScenarios()
	default:
		return usagef("slotstorm list: unknown argument %q%s", what, suggest(what, []string{"runs", "scenarios"}))
	}
}

func (p *program) listRuns() error {
	entries, err := results.List(p.root)
	if err != nil {
		return err
	}
	rows := make([]runRow, len(entries))
	for i, e := range entries {
		rows[i] = rowOf(e, nil)
		if rows[i].state == "unreadable" && !p.json {
			fmt.Fprintf(p.err, "slotstorm: %s cannot be read: %s\n", printable.Line(e.Dir), message(e.Err))
		}
	}
	switch {
	case p.json:
		return p.printJSON(rows)
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
		console.Columns(p.out, p.colorOut, []string{"SCENARIO", "DESCRIPTION"}, rows)
	}
	return nil
}
