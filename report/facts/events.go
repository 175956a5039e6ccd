package facts

import (
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// sighting is when something was seen, and by whom; nil if it was not.
type sighting struct {
	at, uncertainty results.Duration
	source, node    string
}

func sight(e *results.Event) *sighting {
	if e == nil {
		return nil
	}
	return &sighting{e.Offset, e.Uncertainty, e.Source, e.Node}
}

// First is the first event that fits, or nil.
func First(events []results.Event, is func(results.Event) bool) *results.Event {
	if i := slices.IndexFunc(events, is); i >= 0 {
		return &events[i]
	}
	return nil
}
