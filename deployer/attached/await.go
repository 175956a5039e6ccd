package attached

import (
	"context"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/internal/dial"
)

// await finds a cluster within a limit, and awaits that it is whole within another: one that
// was formed a moment ago, or that has just healed, has nodes that do not know each other's
// roles yet. The limits are two because a cluster that was found late has said nothing yet of
// its state.
func await(ctx context.Context, o Options, limit time.Duration) (*deployer.Cluster, error) {
	c, err := awaitFound(ctx, o, limit)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := c.AwaitWhole(ctx); err != nil {
		return nil, fmt.Errorf("%w: it is not whole: %w", ErrUnfit, err)
	}
	return c, nil
}

func awaitFound(ctx context.Context, o Options, limit time.Duration) (*deployer.Cluster, error) {
	deadline := time.Now().Add(limit)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	d, err := dialer(ctx, o)
	if err != nil {
		return nil, err
	}
	var last error
	for {
		c, err := find(ctx, o, d)
		if err == nil {
			return c, nil
		}
		// An answer that the end of the time has cut off says nothing of the cluster. A
		// connection may be the first to notice that end.
		if last == nil || time.Now().Before(deadline) {
			last = err
		}
		select {
		case <-ctx.Done():
			return nil, last
		case <-t.C:
		}
	}
}

// find finds the nodes, and what each of them is.
func find(ctx context.Context, o Options, d dial.Dialer) (*deployer.Cluster, error) {
	if o.Pods != nil {
		return findPods(ctx, o, d)
	}
	return findSeeds(ctx, o, d)
}
