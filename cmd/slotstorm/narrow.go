package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/printable"
)

// columns prints a table, or on a terminal that is too narrow for it a list.
func (p *program) columns(head []string, rows [][]console.Cell) {
	if fd, ok := console.Terminal(p.terminal, p.getenv); ok && tableWidth(head, rows) > console.Width(fd) {
		narrow(p.out, console.Width(fd), head, rows)
		return
	}
	console.Columns(p.out, p.colorOut, head, rows)
}

// tableWidth is how wide console.Columns prints a table: its last column is not padded.
func tableWidth(head []string, rows [][]console.Cell) int {
	total := 0
	for i, h := range head {
		width := utf8.RuneCountInString(h)
		for _, r := range rows {
			width = max(width, utf8.RuneCountInString(printable.Line(r[i].Text)))
		}
		total += width + 2
	}
	return total - 2
}

// narrow prints each row on lines of its own: the first cell, and below it the others with
// their titles, filled to the width.
func narrow(w io.Writer, width int, head []string, rows [][]console.Cell) {
	const indent = "    "
	for _, r := range rows {
		fmt.Fprintln(w, printable.Line(r[0].Text))
		var parts []string
		for i, c := range r[1:] {
			if c.Text != "" {
				parts = append(parts, strings.ToLower(head[i+1])+" "+printable.Line(c.Text))
			}
		}
		for _, line := range console.Fill(strings.Fields(strings.Join(parts, ", ")), width-len(indent)) {
			fmt.Fprintln(w, indent+line)
		}
	}
}
