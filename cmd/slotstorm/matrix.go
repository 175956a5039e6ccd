package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// matrix runs a scenario once for each combination of its matrix, sets the
// results side by side, and gives the worst exit code.
func (p *program) matrix(ctx context.Context, name string, set []string, o runner.Options) (exitCode, error) {
	list, err := scenarios.Expand(name, set...)
	if err != nil {
		return 0, unreadable(err)
	}
	var rows []report.MatrixRow
	worst := exitOK
	for i, c := range list {
		select {
		case <-o.Stop:
			return exitInterrupted, nil
		default:
		}
		o.Matrix = nil
		var told []string
		for _, s := range c.Settings {
			o.Matrix = append(o.Matrix, results.Setting(s))
			told = append(told, s.Field+"="+s.Value)
		}
		o.Command = repeatCommand(name, c.Overrides, c.Scenario.Seed, false)
		if !p.quiet {
			fmt.Fprintf(p.err, "combination %d of %d: %s\n", i+1, len(list), strings.Join(told, ", "))
		}
		r, err := p.once(ctx, c.Scenario, o)
		if err != nil {
			return 0, err
		}
		rows = append(rows, report.MatrixRow{Bundle: r.Bundle, Summary: r.Summary})
		code := codeOf(r)
		if code.severity() > worst.severity() {
			worst = code
		}
		if code == exitInterrupted {
			break
		}
	}
	if p.json {
		return worst, p.printJSON(report.MatrixCells(rows))
	}
	if p.quiet {
		return worst, nil
	}
	return worst, report.Matrix(p.out, rows)
}
