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

// Between are the events in [from, to).
func (a *Analysis) Between(from, to results.Duration) []results.Event {
	var list []results.Event
	for _, e := range a.Events {
		if e.Offset >= from && e.Offset < to {
			list = append(list, e)
		}
	}
	return list
}

// InShard reports whether the node of an event belongs to a shard.
func (a *Analysis) InShard(e results.Event, shard int) bool { return a.shardIs(e.Node, shard) }

func (a *Analysis) shardIs(node string, shard int) bool {
	n, ok := a.shardOf[node]
	return ok && n == shard
}

// First is the first event that fits, or nil.
func First(events []results.Event, is func(results.Event) bool) *results.Event {
	if i := slices.IndexFunc(events, is); i >= 0 {
		return &events[i]
	}
	return nil
}
