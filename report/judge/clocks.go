package judge

import (
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// driftAllowed is how far a generator's clock may drift from the run's: beyond
// it, its records and those of others are in no common order any more.
const driftAllowed = 5 * time.Millisecond

// drifts are warnings of clocks that went their own way.
func drifts(r *results.Run) []string {
	var list []string
	for _, g := range r.Generators {
		if len(g.Clocks) < 2 {
			list = append(list, fmt.Sprintf("the clock of generator %d was not measured at the end", g.Index))
			continue
		}
		first, last := g.Clocks[0], g.Clocks[len(g.Clocks)-1]
		if d := facts.Distance(first.Offset, last.Offset) - first.Uncertainty - last.Uncertainty; d.Std() > driftAllowed {
			list = append(list, fmt.Sprintf("the clock of generator %d drifted by %s from the run's: by so much its times and the others' may be apart",
				g.Index, words.Duration(facts.Distance(first.Offset, last.Offset))))
		}
	}
	return list
}
