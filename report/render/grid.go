package render

import (
	"io"

	"github.com/slotstorm/slotstorm/report/doc"
)

// Grid writes a table alone, without a title or a frame.
func Grid(w io.Writer, t doc.Table) error {
	if len(t.Head) == 0 {
		return nil
	}
	var head []string
	for _, c := range t.Head {
		head = append(head, c.Title)
	}
	cells := append([][]string{head}, t.Rows...)
	width := columnWidths(cells)
	p := &printer{}
	for _, row := range cells {
		var line shown
		for i, cell := range row {
			line += plain(cell) + spaces(cell, width[i]) + "  "
		}
		p.line(line)
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}
