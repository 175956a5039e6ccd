package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

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
	// Lost counts acknowledged audited writes that were gone or altered at the end; nil without
	// an audit that read everything back. LostAtLeast are those of an audit that did not.
	Lost        *int   `json:"writesLost,omitempty"`
	LostAtLeast int    `json:"writesLostAtLeast,omitempty"`
	LostText    string `json:"-"`
	Interrupted string `json:"interrupted,omitempty"`
	// Settings are those of a matrix.
	Settings []results.Setting `json:"settings,omitempty"`
	// Command repeats the run.
	Command string `json:"command,omitempty"`
	// Overrides are what the command line changed.
	Overrides []string `json:"overrides,omitempty"`
	// Problem is why the run has no verdict, and State is that in a word: running, killed or
	// unreadable.
	Problem string `json:"problem,omitempty"`
	State   string `json:"state,omitempty"`
}

// The states of runs without a verdict.
const (
	stateRunning    = "running"
	stateKilled     = "killed"
	stateUnreadable = "unreadable"
)

// stateOf is the state of a run that cannot be read.
func stateOf(e results.Entry) string {
	switch {
	case !errors.Is(e.Err, results.ErrUnsealed):
		return stateUnreadable
	case results.UnderWay(e.Dir):
		return stateRunning
	}
	return stateKilled
}

// outcome is the verdict of a run, or its state without one.
func (r runRow) outcome() string {
	if r.Problem != "" {
		return r.State
	}
	return string(r.Verdict)
}

// rowOf describes e with s, or with the summary of e if s is nil.
func rowOf(e results.Entry, s *results.Summary) runRow {
	row := runRow{ID: e.ID, Dir: e.Dir}
	if e.Err != nil {
		row.Problem, row.State = e.Err.Error(), stateOf(e)
	}
	if e.Run == nil {
		return row
	}
	row.Scenario, row.Seed, row.Command = e.Run.Name, e.Run.Seed, e.Run.Command
	row.Start, row.Interrupted, row.Settings, row.Overrides = &e.Run.Start, e.Run.Interrupted, e.Run.Matrix, e.Run.Overrides
	row.lost(e.Run.Audit)
	if s == nil {
		s = e.Run.Summary
	}
	if s == nil {
		return row
	}
	row.Verdict, row.Failover, row.P99 = s.Verdict, medianFailover(s), overallP99(s)
	return row
}

// lost sets what an audit found; nil is none.
func (r *runRow) lost(au *results.Audit) {
	if au == nil {
		return
	}
	r.LostText = words.Lost(au)
	switch n := au.Gone(); {
	case au.Partial():
		r.LostAtLeast = n
	case n > 0 || au.OK > 0:
		r.Lost = &n
	}
}

// medianFailover is nil if no failover completed. A primary that came back before a replica took
// over is none, as in the statistics.
func medianFailover(s *results.Summary) *results.Duration {
	if s.FailoverStats != nil {
		return &s.FailoverStats.Median
	}
	i := slices.IndexFunc(s.Failovers, func(f results.Failover) bool { return f.Completed() && f.Server > 0 })
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
	cells := make([][]console.Cell, len(rows))
	for i, r := range rows {
		verdict := console.Cell{Text: r.outcome(), Style: verdictStyle(r.Verdict)}
		when, seed := "", ""
		switch {
		case r.Problem != "":
			verdict.Style = console.Dim
		case r.Interrupted != "":
			verdict.Text += " (interrupted)"
		}
		if r.Start != nil {
			when, seed = r.Start.UTC().Format("2006-01-02 15:04:05"), fmt.Sprint(r.Seed)
		}
		cells[i] = []console.Cell{{Text: r.ID}, {Text: r.Scenario, Style: console.Bold}, verdict, {Text: when}, {Text: seed}, {Text: millis(r.Failover)}, {Text: millis(r.P99)}, {Text: r.LostText}, {Text: strings.Join(r.Overrides, " ")}}
	}
	p.columns([]string{"RUN", "SCENARIO", "VERDICT", "WHEN (UTC)", "SEED", "FAILOVER", "P99", "LOST", "SET"}, cells)
}

func millis(m *results.Duration) string {
	if m == nil {
		return ""
	}
	return console.Human(m.Std())
}

func verdictStyle(v results.Verdict) console.Style {
	switch v {
	case results.Pass:
		return console.Green
	case results.Fail:
		return console.Red
	}
	return console.Yellow
}
