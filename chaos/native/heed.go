package native

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/chaos"
)

// heed knows what other faults do at the same time. A dial that one of them can keep from
// an answer is evidence neither for nor against a fault of the network.
type heed struct{ others func() []chaos.Effect }

// Heed takes the effects of other faults.
func (h *heed) Heed(others func() []chaos.Effect) { h.others = others }

// hides reports whether another fault in force can keep a dial from an answer.
func (h *heed) hides(d dial) bool {
	return h.others != nil && slices.ContainsFunc(h.others(), func(e chaos.Effect) bool { return e.Hides(d.from.name, d.to.name) })
}

// mostPairs bounds the pairs that a record names.
const mostPairs = 6

// hidden names dials that other faults keep from an answer; empty if none is.
func hidden(dials []dial) string {
	var pairs []string
	for _, d := range dials {
		if pair := d.from.name + " to " + d.to.name; !slices.Contains(pairs, pair) {
			pairs = append(pairs, pair)
		}
	}
	if len(pairs) == 0 {
		return ""
	}
	text := strings.Join(pairs[:min(len(pairs), mostPairs)], ", ")
	if more := len(pairs) - mostPairs; more > 0 {
		text += fmt.Sprintf(" and %d other pairs", more)
	}
	return "; other faults keep the rest from an answer: " + text
}
