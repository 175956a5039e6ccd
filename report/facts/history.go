package facts

import (
	"cmp"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// newHistory derives the history of a run from its bundle alone.
func newHistory(b *results.Bundle) *History {
	p := newPlaces(&b.Run)
	h := &History{places: p, run: &b.Run, events: b.Events, owned: own(b, p)}
	h.taken = h.changes()
	for i := range h.taken {
		h.join(&h.taken[i])
	}
	return h
}

// Takeovers are all changes of owner, in order: with or without a fault.
func (h *History) Takeovers() []Takeover { return slices.Clone(h.taken) }

// Ownership is who served which slots, by shard and time.
func (h *History) Ownership() []Tenure {
	list := h.owned.all()
	for i := range list {
		if list[i].To == 0 {
			list[i].To = h.end()
		}
	}
	slices.SortStableFunc(list, func(x, y Tenure) int {
		return cmp.Or(cmp.Compare(x.Shard, y.Shard), cmp.Compare(x.From, y.From), cmp.Compare(x.Node, y.Node))
	})
	return list
}

// OwnerAt is the node that served most of a shard's slots at a moment; empty if no node
// did.
func (h *History) OwnerAt(shard int, at results.Duration) string {
	node, most := "", 0
	for _, t := range h.owned.all() {
		if n := t.Slots.And(h.slotsOf(shard)).Count(); t.holds(at) && n > most {
			node, most = t.Node, n
		}
	}
	return node
}
