package attached

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// scanned is how many keys a node looks at for one answer: few enough to hold up no request
// of others.
const scanned = 1000

// showEvery is the distance of two messages about a scan that takes long.
const showEvery = 10 * time.Second

// own calls f with the keys of slotstorm in each primary, some at a time. All primaries are
// scanned at once, so f is called at once too. A key space may be of any size: each answer has
// its limit, not the whole. show takes how far it is; nil ignores it.
func own(ctx context.Context, c *deployer.Cluster, show func(string), f func(cl *redis.Client, keys []string) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var looked atomic.Int64
	var first error
	var once sync.Once
	var scans sync.WaitGroup
	seen := 0
	for _, role := range c.Roles(ctx) {
		if !role.Primary {
			continue
		}
		seen++
		scans.Go(func() {
			cl := c.Client(role.Node, answerLimit)
			defer cl.Close()
			if err := scan(ctx, cl, &looked, f); err != nil {
				once.Do(func() { first = fmt.Errorf("looking for keys of slotstorm in %s: %w", role.Node.Name, err) })
				stop() // the others need not go on
			}
		})
	}
	end := progress(show, &looked)
	scans.Wait()
	end()
	if first == nil && seen < c.Shards {
		return fmt.Errorf("%d of %d primaries answer", seen, c.Shards)
	}
	return first
}

// progress shows from time to time how many keys were looked at, until its end is called.
func progress(show func(string), looked *atomic.Int64) (end func()) {
	if show == nil {
		return func() {}
	}
	over := make(chan struct{})
	var shown sync.WaitGroup
	shown.Go(func() {
		t := time.NewTicker(showEvery)
		defer t.Stop()
		for {
			select {
			case <-over:
				return
			case <-t.C:
				show(fmt.Sprintf("looking for keys of slotstorm: about %d keys of the cluster so far", looked.Load()))
			}
		}
	})
	return func() { close(over); shown.Wait() }
}

func scan(ctx context.Context, cl *redis.Client, looked *atomic.Int64, f func(cl *redis.Client, keys []string) error) error {
	cursor := uint64(0)
	for {
		keys, next, err := cl.Scan(ctx, cursor, scenarios.OwnPrefix+"*", scanned).Result()
		if err != nil {
			return err
		}
		looked.Add(scanned)
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
func count(ctx context.Context, c *deployer.Cluster, show func(string)) (int, error) {
	var n atomic.Int64
	err := own(ctx, c, show, func(_ *redis.Client, keys []string) error {
		for _, k := range keys {
			if !isLease(k) {
				n.Add(1)
			}
		}
		return nil
	})
	return int(n.Load()), err
}

// clear removes them.
func clear(ctx context.Context, c *deployer.Cluster, show func(string)) (int, error) {
	var removed atomic.Int64
	err := own(ctx, c, show, func(cl *redis.Client, keys []string) error {
		// One command for each: those of one answer are of many slots.
		pipe := cl.Pipeline()
		for _, k := range keys {
			if !isLease(k) {
				pipe.Unlink(ctx, k)
				removed.Add(1)
			}
		}
		if pipe.Len() == 0 {
			return nil
		}
		_, err := pipe.Exec(ctx)
		return err
	})
	if err != nil {
		return int(removed.Load()), fmt.Errorf("removing the keys of the run: %w", err)
	}
	return int(removed.Load()), nil
}
