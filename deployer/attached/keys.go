package attached

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// scanned is how many keys a node looks at for one answer: few enough to hold up no request
// of others.
const scanned = 1000

// own calls f with the keys of slotstorm in each primary, some at a time.
func own(ctx context.Context, c *deployer.Cluster, f func(cl *redis.Client, keys []string) error) error {
	seen := 0
	for _, role := range c.Roles(ctx) {
		if !role.Primary {
			continue
		}
		seen++
		cl := c.Client(role.Node, answerLimit)
		err := scan(ctx, cl, f)
		cl.Close()
		if err != nil {
			return fmt.Errorf("looking for keys of slotstorm in %s: %w", role.Node.Name, err)
		}
	}
	if seen < c.Shards {
		return fmt.Errorf("%d of %d primaries answer", seen, c.Shards)
	}
	return nil
}

func scan(ctx context.Context, cl *redis.Client, f func(cl *redis.Client, keys []string) error) error {
	cursor := uint64(0)
	for {
		keys, next, err := cl.Scan(ctx, cursor, scenarios.OwnPrefix+"*", scanned).Result()
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			if err := f(cl, keys); err != nil {
				return err
			}
		}
		if next == 0 {
			return nil
		}
		cursor = next
	}
}

// count is how many keys of slotstorm there are, apart from leases.
func count(ctx context.Context, c *deployer.Cluster) (int, error) {
	n := 0
	err := own(ctx, c, func(_ *redis.Client, keys []string) error {
		for _, k := range keys {
			if !isLease(k) {
				n++
			}
		}
		return nil
	})
	return n, err
}

// clear removes them.
func clear(ctx context.Context, c *deployer.Cluster) (int, error) {
	removed := 0
	err := own(ctx, c, func(cl *redis.Client, keys []string) error {
		// One command for each: those of one answer are of many slots.
		pipe := cl.Pipeline()
		for _, k := range keys {
			if !isLease(k) {
				pipe.Unlink(ctx, k)
				removed++
			}
		}
		if pipe.Len() == 0 {
			return nil
		}
		_, err := pipe.Exec(ctx)
		return err
	})
	if err != nil {
		return removed, fmt.Errorf("removing the keys of the run: %w", err)
	}
	return removed, nil
}
