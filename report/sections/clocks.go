package sections

import (
	"fmt"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// clockTable lists the generators that had clocks of their own.
func clockTable(r *results.Run) doc.Table {
	t := doc.Table{Title: "Generators elsewhere", Head: append(doc.Columns("generator", "where"), doc.Numbers("its clock, at the start", "its clock, at the end")...)}
	for _, g := range r.Generators {
		row := []string{fmt.Sprint(g.Index), words.OrNone(g.Place), words.None, words.None}
		if g.Missing {
			row[3] = "unknown: its last records are missing"
		}
		for i, c := range g.Clocks[:min(len(g.Clocks), 2)] {
			sign := "+"
			if c.Offset < 0 {
				sign = ""
			}
			row[2+i] = fmt.Sprintf("%s%s ± %s", sign, words.Duration(c.Offset), words.Duration(c.Uncertainty))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
