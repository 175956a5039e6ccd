package report

import (
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// driftAllowed is how far a generator's clock may drift from the run's: beyond
// it, what it tells and what others tell are not in one order any more.
const driftAllowed = 5 * time.Millisecond

// clockTable tells where generators ran that had clocks of their own.
func clockTable(r *results.Run) table {
	t := table{Title: "Generators elsewhere", Head: append(words("generator", "where"), numbers("its clock, at the start", "its clock, at the end")...)}
	for _, g := range r.Generators {
		row := []string{fmt.Sprint(g.Index), orNone(g.Place), none, none}
		for i, c := range g.Clocks[:min(len(g.Clocks), 2)] {
			sign := "+"
			if c.Offset < 0 {
				sign = ""
			}
			row[2+i] = fmt.Sprintf("%s%s ± %s", sign, duration(c.Offset), duration(c.Uncertainty))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// drifts are warnings of clocks that went their own way.
func drifts(r *results.Run) []string {
	var list []string
	for _, g := range r.Generators {
		if len(g.Clocks) < 2 {
			list = append(list, fmt.Sprintf("the clock of generator %d was not measured at the end", g.Index))
			continue
		}
		first, last := g.Clocks[0], g.Clocks[len(g.Clocks)-1]
		if d := distance(first.Offset, last.Offset) - first.Uncertainty - last.Uncertainty; d.Std() > driftAllowed {
			list = append(list, fmt.Sprintf("the clock of generator %d drifted by %s from the run's: by so much its times and the others' may be apart",
				g.Index, duration(distance(first.Offset, last.Offset))))
		}
	}
	return list
}
