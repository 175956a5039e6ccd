package attached

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
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

// lease keeps two runs from one cluster: a key with the id of the run, which expires if the
// run is killed.
type lease struct {
	cluster *deployer.Cluster
	run     string
	stop    context.CancelFunc
	done    chan struct{}
}

const (
	leaseStem = scenarios.OwnPrefix + "lease:"
	// leaseLife is how long a run counts as alive after its last sign of life.
	leaseLife  = time.Minute
	leaseRenew = leaseLife / 4
)

func isLease(key string) bool { return len(key) > len(leaseStem) && key[:len(leaseStem)] == leaseStem }

// leaseKey is one in the first shard.
func leaseKey(c *deployer.Cluster) string {
	for i := 0; ; i++ {
		if key := leaseStem + strconv.Itoa(i); c.ShardOf(int(resp.Slot([]byte(key)))) == 0 {
			return key
		}
	}
}

// take takes the lease of a cluster for a run.
func take(ctx context.Context, c *deployer.Cluster, run string) (*lease, error) {
	l := &lease{cluster: c, run: run, done: make(chan struct{})}
	err := l.at(ctx, func(cl *redis.Client, key string) error {
		held, err := cl.SetNX(ctx, key, run, leaseLife).Result()
		if err != nil {
			return fmt.Errorf("taking the lease: %w", err)
		}
		if !held {
			by, _ := cl.Get(ctx, key).Result()
			return fmt.Errorf("%w: %s uses it, or was killed less than %v ago", ErrUnfit, by, leaseLife)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	ctx, l.stop = context.WithCancel(context.Background())
	go l.renew(ctx)
	return l, nil
}

// at calls f with the node that has the lease's slot now.
func (l *lease) at(ctx context.Context, f func(cl *redis.Client, key string) error) error {
	for _, role := range l.cluster.Roles(ctx) {
		if role.Primary && role.Node.Shard == 0 {
			cl := l.cluster.Client(role.Node, answerLimit)
			defer cl.Close()
			return f(cl, leaseKey(l.cluster))
		}
	}
	return errors.New("the first shard has no primary")
}

// renew keeps the lease until it is released. During a failover of its shard it may fail: it
// lives long enough for the next try.
func (l *lease) renew(ctx context.Context) {
	defer close(l.done)
	t := time.NewTicker(leaseRenew)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			_ = l.at(ctx, func(cl *redis.Client, key string) error { return cl.Set(ctx, key, l.run, leaseLife).Err() })
		}
	}
}

// release gives the lease back.
func (l *lease) release() error {
	l.stop()
	<-l.done
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	return l.drop(ctx)
}

// drop removes the lease, if it is the run's.
func (l *lease) drop(ctx context.Context) error {
	return l.at(ctx, func(cl *redis.Client, key string) error {
		if by, err := cl.Get(ctx, key).Result(); err != nil || by != l.run {
			return nil // it has expired, or belongs to another run
		}
		return cl.Del(ctx, key).Err()
	})
}
