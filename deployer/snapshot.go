package deployer

import (
	"context"
	"fmt"
	"time"
)

// Snapshot has a node write dump.rdb, and waits until it has.
func (c *Cluster) Snapshot(ctx context.Context, n Node) error {
	cl := c.Client(n, 5*time.Second)
	defer cl.Close()
	last, err := cl.LastSave(ctx).Result()
	if err != nil {
		return err
	}
	// LASTSAVE counts whole seconds: two saves in one look alike.
	if wait := time.Until(time.Unix(last+1, 0)); wait > 0 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
	if err := cl.BgSave(ctx).Err(); err != nil {
		return err
	}
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		now, err := cl.LastSave(ctx).Result()
		if err != nil {
			return err
		}
		if now > last {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the snapshot: %w", context.Cause(ctx))
		case <-t.C:
		}
	}
}
