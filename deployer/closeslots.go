package deployer

import (
	"context"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// CloseSlots ends moves of slots that a killed run has left open: each slot goes where it was
// going, with its keys. It gives the slots.
func (c *Cluster) CloseSlots(ctx context.Context) (closed results.Slots, err error) {
	clients, end := c.clients()
	defer end()
	views, errs := c.askAll(ctx, clients)
	shardOf := map[string]int{}
	for i, n := range c.Nodes {
		if errs[i] == nil {
			shardOf[n.ID] = c.shardNow(n, views[i])
		}
	}
	for i, n := range c.Nodes {
		self := views[i].self()
		if errs[i] != nil || self == nil || !views[i].Primary {
			continue
		}
		for _, open := range self.Open {
			other, known := shardOf[open.Other]
			if !known {
				return closed, fmt.Errorf("%s has slot %d open to a node that is not known: %s", n.Name, open.Slot, open.Other)
			}
			r := &Reshard{Cluster: c, From: shardOf[n.ID], To: other, Moved: func(results.Slots, int, time.Duration) {}}
			if open.Import {
				r.From, r.To = r.To, r.From
			}
			slot := results.SlotsOf(results.SlotRange{First: open.Slot, Last: open.Slot})
			if r.Slots = slot.Minus(closed); len(r.Slots) == 0 || r.From == r.To {
				continue // both sides have it open; or the two are of one shard by now
			}
			if err := r.Run(ctx, context.Background()); err != nil {
				return closed, fmt.Errorf("closing slot %d, which a move has left open: %w", open.Slot, err)
			}
			closed = closed.Plus(slot)
		}
	}
	return closed, nil
}
