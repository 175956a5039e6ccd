package console

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/internal/printable"
)

// Cell is one entry of a table.
type Cell struct {
	Text  string
	Style Style
}

// Columns prints a table. Each column is as wide as its widest cell, and an empty cell
// is printed as "-".
func Columns(w io.Writer, color bool, head []string, rows [][]Cell) {
	for _, r := range rows {
		for i := range r {
			r[i].Text = printable.Line(r[i].Text)
		}
	}
	width := make([]int, len(head))
	header := make([]Cell, len(head))
	for i, h := range head {
		header[i] = Cell{h, Dim}
		width[i] = utf8.RuneCountInString(h)
		for _, r := range rows {
			width[i] = max(width[i], utf8.RuneCountInString(r[i].Text))
		}
	}
	fmt.Fprintln(w, tableRow(header, width, color))
	for _, r := range rows {
		fmt.Fprintln(w, tableRow(r, width, color))
	}
}

// tableRow pads cells to the widths of their columns, except the last one.
func tableRow(cells []Cell, width []int, color bool) string {
	var b strings.Builder
	for i, c := range cells {
		if c.Text == "" {
			c.Text = "-"
		}
		b.WriteString(Paint(color, c.Style, c.Text))
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(c.Text)+2))
		}
	}
	return b.String()
}
