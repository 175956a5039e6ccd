package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/results"
)

// MatrixRow is one run of a matrix.
type MatrixRow struct {
	Bundle  *results.Bundle
	Summary *results.Summary
}

// MatrixCells are the runs of a matrix side by side: a row of headings, and one
// for each run. Latency is that of the first phase, before anything is broken;
// what the fault cost is in the failover, the outage and the losses.
func MatrixCells(rows []MatrixRow) [][]string {
	if len(rows) == 0 {
		return nil
	}
	var head []string
	for _, s := range rows[0].Bundle.Run.Matrix {
		head = append(head, s.Field[strings.LastIndexByte(s.Field, '.')+1:])
	}
	head = append(head, "verdict", "acknowledged", "lost", "failover", "client", "outage", "p50", "p99", "run")
	list := [][]string{head}
	for _, r := range rows {
		list = append(list, matrixCells(r))
	}
	return list
}

func matrixCells(r MatrixRow) []string {
	run, s := &r.Bundle.Run, r.Summary
	var cells []string
	for _, m := range run.Matrix {
		cells = append(cells, m.Value)
	}
	acknowledged, lost := "–", "–"
	if run.Audit != nil {
		n := 0
		for _, g := range s.Losses {
			n += g.Count
		}
		acknowledged, lost = count(run.Audit.OK), count(n)
	}
	failover, client := "–", "–"
	for _, f := range s.Failovers {
		if failedOver(f) {
			failover = duration(f.Server)
			if f.Client > 0 {
				client = duration(f.Client)
			}
		}
	}
	p50, p99 := "–", "–"
	if len(run.Phases) > 0 {
		if l := findLatency(s.Latency, run.Phases[0].Name, All, results.Response); l != nil {
			p50, p99 = duration(l.P50), duration(l.P99)
		}
	}
	return append(cells, string(s.Verdict), acknowledged, lost, failover, client, duration(s.Availability.Any), p50, p99, run.ID)
}

// Matrix writes the runs of a matrix side by side.
func Matrix(w io.Writer, rows []MatrixRow) error {
	cells := MatrixCells(rows)
	if len(cells) == 0 {
		return nil
	}
	widths := make([]int, len(cells[0]))
	for _, row := range cells {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, row := range cells {
		var line strings.Builder
		for i, c := range row {
			fmt.Fprintf(&line, "%s%s  ", c, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
