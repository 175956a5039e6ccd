package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) listVerb() *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "list runs, or the built-in scenarios",
		ArgsUsage: "[runs|scenarios]",
		Description: "Lists the runs under --out, newest last, or with the word scenarios the built-in\n" +
			"scenarios. FAILOVER is the median time from a fault to the first good write by the\n" +
			"probe, P99 the response time over all phases and commands.",
		Action: p.list,
	}
}

func (p *program) list(c *cli.Context) error {
	if c.NArg() > 1 {
		return usagef("slotstorm list takes one word: runs or scenarios")
	}
	switch what := c.Args().First(); what {
	case "", "runs":
		return p.listRuns()
	case "scenarios":
		return p.listScenarios()
	default:
		return usagef("slotstorm list knows no %q%s", what, suggest(what, []string{"runs", "scenarios"}))
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
		fmt.Fprintf(p.err, "There is no run in %s yet: 'slotstorm run kill-primary' makes one.\n", p.root)
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
	rows := make([][]cell, len(list))
	for i, b := range list {
		rows[i] = []cell{{b.Name, bold}, {strings.Join(strings.Fields(b.Description), " "), ""}}
	}
	if !p.quiet {
		columns(p.out, p.colorOut, []string{"SCENARIO", "DESCRIPTION"}, rows)
	}
	return nil
}

// builtinNames are the names of the built-in scenarios.
func builtinNames() []string {
	var names []string
	for _, b := range scenarios.Builtin() {
		names = append(names, b.Name)
	}
	return names
}

// runRow is a run in a listing.
type runRow struct {
	ID       string          `json:"id"`
	Dir      string          `json:"dir"`
	Scenario string          `json:"scenario,omitempty"`
	Seed     uint64          `json:"seed,omitempty"`
	Verdict  results.Verdict `json:"verdict,omitempty"`
	Start    *time.Time      `json:"start,omitempty"`
	// Failover is the median, P99 the response time; nil if there is none.
	Failover *results.Duration `json:"failoverMedianMs,omitempty"`
	P99      *results.Duration `json:"p99Ms,omitempty"`
	// Lost counts audited writes; nil without an audit.
	Lost        *int   `json:"writesLost,omitempty"`
	Interrupted string `json:"interrupted,omitempty"`
	// Settings are those of a matrix.
	Settings []results.Setting `json:"settings,omitempty"`
	// Command repeats the run.
	Command string `json:"command,omitempty"`
	// Problem says why the run cannot be read, and state says it in a word.
	Problem string `json:"problem,omitempty"`
	state   string
}

// rowOf describes e, with s or else with the summary that e holds.
func rowOf(e results.Entry, s *results.Summary) runRow {
	row := runRow{ID: e.ID, Dir: e.Dir}
	if e.Err != nil {
		row.Problem, row.state = e.Err.Error(), "unreadable"
		if errors.Is(e.Err, results.ErrUnsealed) {
			row.state = "unfinished"
		}
	}
	if e.Run == nil {
		return row
	}
	row.Scenario, row.Seed, row.Command = e.Run.Name, e.Run.Seed, e.Run.Command
	row.Start, row.Interrupted, row.Settings = &e.Run.Start, e.Run.Interrupted, e.Run.Matrix
	if e.Run.Audit != nil {
		row.Lost = &e.Run.Audit.Lost
	}
	if s == nil {
		s = e.Run.Summary
	}
	if s == nil {
		return row
	}
	row.Verdict, row.Failover, row.P99 = s.Verdict, medianFailover(s), overallP99(s)
	return row
}

// medianFailover is nil if no failover completed.
func medianFailover(s *results.Summary) *results.Duration {
	if s.FailoverStats != nil {
		return &s.FailoverStats.Median
	}
	i := slices.IndexFunc(s.Failovers, func(f results.Failover) bool { return f.Complete })
	if i < 0 {
		return nil
	}
	return &s.Failovers[i].Server
}

// overallP99 is the p99 response time over the whole timeline and all commands.
func overallP99(s *results.Summary) *results.Duration {
	for i, l := range s.Latency {
		if l.Phase == "all" && l.Command == "all" && l.Time == results.Response && l.Count > 0 {
			return &s.Latency[i].P99
		}
	}
	return nil
}

// table prints runs on standard output.
func (p *program) table(rows []runRow) {
	cells := make([][]cell, len(rows))
	for i, r := range rows {
		verdict := cell{string(r.Verdict), verdictStyle(r.Verdict)}
		when, seed, lost := "", "", ""
		switch {
		case r.Problem != "":
			verdict = cell{r.state, dim}
		case r.Interrupted != "":
			verdict.text += " (interrupted)"
		}
		if r.Start != nil {
			when, seed = r.Start.UTC().Format("2006-01-02 15:04:05"), fmt.Sprint(r.Seed)
		}
		if r.Lost != nil {
			lost = fmt.Sprint(*r.Lost)
		}
		cells[i] = []cell{{r.ID, ""}, {r.Scenario, bold}, verdict, {when, ""}, {seed, ""}, {millis(r.Failover), ""}, {millis(r.P99), ""}, {lost, ""}}
	}
	columns(p.out, p.colorOut, []string{"RUN", "SCENARIO", "VERDICT", "WHEN (UTC)", "SEED", "FAILOVER", "P99", "LOST"}, cells)
}

func millis(m *results.Duration) string {
	if m == nil {
		return ""
	}
	return human(m.Std())
}

func verdictStyle(v results.Verdict) style {
	switch v {
	case results.Pass:
		return green
	case results.Fail:
		return red
	}
	return yellow
}

// cell is one entry of a table.
type cell struct {
	text  string
	style style
}

// columns prints a table whose columns are as wide as they must be. An empty
// cell shows as "-".
func columns(w io.Writer, color bool, head []string, rows [][]cell) {
	for _, r := range rows {
		for i := range r {
			r[i].text = printable.Line(r[i].text)
		}
	}
	width := make([]int, len(head))
	for i, h := range head {
		width[i] = utf8.RuneCountInString(h)
		for _, r := range rows {
			width[i] = max(width[i], utf8.RuneCountInString(r[i].text))
		}
	}
	line := func(cells []cell) {
		var b strings.Builder
		for i, c := range cells {
			if c.text == "" {
				c.text = "-"
			}
			pad := width[i] - utf8.RuneCountInString(c.text) + 2
			if c.style == "" {
				b.WriteString(c.text)
			} else {
				b.WriteString(paint(color, c.style, c.text))
			}
			if i < len(cells)-1 {
				b.WriteString(strings.Repeat(" ", pad))
			}
		}
		fmt.Fprintln(w, b.String())
	}
	header := make([]cell, len(head))
	for i, h := range head {
		header[i] = cell{h, dim}
	}
	line(header)
	for _, r := range rows {
		line(r)
	}
}
