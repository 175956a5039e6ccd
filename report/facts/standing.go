package facts

import "github.com/slotstorm/slotstorm/results"

// chainOf bounds the way from a replica to the node that serves: a view that is older
// may have a replica of a replica.
const chainOf = 4

// ShardAt is the shard that a node served at a moment or, of a replica, that of its
// primary; -1 if it belonged to none. Where nothing shows what it was, it is the shard
// that it was deployed into.
func (h *History) ShardAt(node string, at results.Duration) int {
	for range chainOf {
		var served results.Slots
		var since results.Duration
		last := -1
		for _, t := range h.owned.all() {
			switch {
			case t.Node != node:
			case t.holds(at):
				served = served.Plus(t.Slots)
			case t.From <= at && t.To >= since:
				since, last = t.To, t.Shard
			}
		}
		if len(served) > 0 {
			return h.shardWith(served)
		}
		primary, followed := h.owned.primaryOf(node, at)
		switch {
		case last >= 0 && (primary == "" || followed < since):
			return last
		case primary == "":
			return h.deployed(node)
		}
		node = primary
	}
	return -1
}
