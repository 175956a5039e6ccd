package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/explore"
	"github.com/slotstorm/slotstorm/internal/explore/trial"
	"github.com/slotstorm/slotstorm/internal/printable"
)

// printExplored prints what a search came to, as text or with --json as JSON.
func (p *program) printExplored(a *explore.Answer, dir string) error {
	switch {
	case p.json:
		return p.printJSON(a)
	case p.quiet:
		return nil
	}
	took := time.Duration(a.Seconds * float64(time.Second))
	head := fmt.Sprintf("%d seeds in %d runs and %s: ", a.Seeds, a.Runs, console.Clock(took))
	switch len(a.Findings) {
	case 0:
		head += "no finding"
	case 1:
		head += "1 finding"
	default:
		head += fmt.Sprintf("%d findings", len(a.Findings))
	}
	fmt.Fprintln(p.out, head)
	p.printFindings(a.Findings)
	p.printCoverage(a.Coverage)
	fmt.Fprintf(p.out, "\nAll of it: %s\n", printable.Line(filepath.Join(dir, "explore.json")))
	return nil
}

func (p *program) printFindings(list []*explore.Finding) {
	if len(list) == 0 {
		return
	}
	var rows [][]console.Cell
	for _, f := range list {
		rows = append(rows, []console.Cell{
			{Text: fmt.Sprint(f.Seed)}, {Text: f.Key(), Style: console.Red}, {Text: shrunk(f)},
			{Text: fmt.Sprint(len(f.Draft.Steps))}, {Text: fmt.Sprint(len(f.Draft.Settings))}, {Text: f.What},
		})
	}
	fmt.Fprintln(p.out)
	console.Columns(p.out, p.colorOut, []string{"SEED", "BREAKS", "AGAIN", "FAULTS", "SETTINGS", "FOUND"}, rows)
	fmt.Fprintln(p.out, "\nRepeat them:")
	for _, f := range list {
		fmt.Fprintf(p.out, "  slotstorm run %s\n", printable.Line(quote(filepath.Join(f.Dir, trial.ScenarioFile))))
	}
}

// shrunk says how far a finding was made smaller.
func shrunk(f *explore.Finding) string {
	switch {
	case f.Like != nil:
		return fmt.Sprintf("like seed %d", *f.Like)
	case f.Reproduced:
		return fmt.Sprintf("yes, %d runs", f.Tries)
	case f.Tries > 0:
		return "no"
	}
	return "not tried"
}

// printCoverage prints how often each fault hit each role in each phase.
func (p *program) printCoverage(c *explore.Coverage) {
	type pair struct{ fault, role string }
	var order []pair
	counts := map[pair]map[string]int{}
	for _, cell := range c.Cells {
		at := pair{cell.Fault, cell.Role}
		if counts[at] == nil {
			counts[at] = map[string]int{}
			order = append(order, at)
		}
		counts[at][cell.Phase] = cell.Runs
	}
	var rows [][]console.Cell
	for _, at := range order {
		row := []console.Cell{{Text: at.fault}, {Text: at.role}}
		for _, phase := range explore.Phases {
			n, ok := counts[at][phase]
			text := ""
			if ok {
				text = fmt.Sprint(n)
			}
			row = append(row, console.Cell{Text: text})
		}
		rows = append(rows, row)
	}
	fmt.Fprintf(p.out, "\n%d of %d combinations of fault, role and phase occurred. Runs by combination:\n", c.Covered, len(c.Cells))
	console.Columns(p.out, p.colorOut, []string{"FAULT", "ROLE", "WHOLE CLUSTER", "DURING ANOTHER", "AFTER ANOTHER"}, rows)
	fmt.Fprintf(p.out, "\nverdicts: %s\nservers: %s\n", tally(c.Verdicts), tally(c.Servers))
	if c.Refused > 0 {
		fmt.Fprintf(p.out, "%d faults were refused by their checks\n", c.Refused)
	}
}

// tally writes counts as "3 pass, 1 fail", the highest first.
func tally(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if d := counts[b] - counts[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, n := range names {
		parts = append(parts, fmt.Sprintf("%d %s", counts[n], printable.Line(n)))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
