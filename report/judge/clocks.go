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

// clockStep is how far the measurements of a node's clock may be apart by the delay of
// messages and by drift.
const clockStep = 500 * time.Millisecond

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
	return append(list, nodeClocks(r)...)
}

// nodeClocks are remarks on clocks of nodes by which no log could be dated as it is.
func nodeClocks(r *results.Run) []string {
	var list, off []string
	var within results.Duration
	for _, n := range r.Nodes {
		least, most := n.ClockAhead()
		switch {
		case least == 0 && most == 0:
		case (most - least).Std() > clockStep, least <= 0 && most >= 0:
			list = append(list, fmt.Sprintf("the clock of %s was set during the run, or the node moved to another machine: the times in its log are exact to %s only", n.Name, words.Duration(most-least)))
		default:
			off = append(off, fmt.Sprintf("the clock of %s was %s the run's", n.Name, apart((least+most)/2)))
			within = max(within, most-least)
		}
	}
	if len(off) == 0 {
		return list
	}
	others := ""
	if n := len(off) - 1; n > 0 {
		others = ", and those of " + words.Plural(n, "other node", "other nodes") + " were not the run's either"
	}
	return append(list, fmt.Sprintf("%s%s: the times in the logs are corrected, to within %s", off[0], others, words.Duration(within)))
}

// apart says how far a clock was from another one.
func apart(ahead results.Duration) string {
	if ahead < 0 {
		return words.Duration(-ahead) + " behind"
	}
	return words.Duration(ahead) + " ahead of"
}
