package attached

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// lease keeps two runs from one cluster: a key with the id of the run, which expires if the
// run is killed. A run that was cut off from the cluster for longer than that may find the
// lease of another run there, and never writes over it.
type lease struct {
	cluster *deployer.Cluster
	run     string
	// lost takes the error once another run has the lease.
	lost func(error)
	stop context.CancelFunc
	done chan struct{}
}

const (
	leaseStem = scenarios.OwnPrefix + "lease:"
	// leaseKey is one whatever the layout of the slots is: another run has to find it.
	leaseKey = leaseStem + "0"
	// leaseLife is how long a run counts as alive after its last sign of life.
	leaseLife  = time.Minute
	leaseRenew = leaseLife / 4
)

func isLease(key string) bool { return len(key) > len(leaseStem) && key[:len(leaseStem)] == leaseStem }

// errTaken marks a lease that another run has.
var errTaken = errors.New("another run uses the cluster")

// take takes the lease of a cluster for a run, which must be alone.
func take(ctx context.Context, c *deployer.Cluster, o Options) (*lease, error) {
	l := &lease{cluster: c, run: o.Run, lost: o.Lost}
	err := l.at(ctx, func(cl *redis.Client) error {
		held, err := cl.SetNX(ctx, leaseKey, l.run, leaseLife).Result()
		if err != nil {
			return fmt.Errorf("taking the lease: %w", err)
		}
		if !held {
			return l.taken(ctx, cl)
		}
		// A user without the right to renew it would lose it in the middle of the run.
		if err := cl.Expire(ctx, leaseKey, leaseLife).Err(); err != nil {
			return errors.Join(fmt.Errorf("extending the lease: %w", err), cl.Del(ctx, leaseKey).Err())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return l.keep(leaseRenew), nil
}

// resume takes the lease for what is left of a run, which may still have it.
func resume(ctx context.Context, c *deployer.Cluster, o Options) (*lease, error) {
	l := &lease{cluster: c, run: o.Run}
	if err := l.extend(ctx); err != nil {
		return nil, err
	}
	return l.keep(leaseRenew), nil
}

// keep renews the lease until it is released.
func (l *lease) keep(every time.Duration) *lease {
	ctx, stop := context.WithCancel(context.Background())
	l.stop, l.done = stop, make(chan struct{})
	go l.renew(ctx, every)
	return l
}

// taken is the error of a lease that is another run's.
func (l *lease) taken(ctx context.Context, cl *redis.Client) error {
	by, err := cl.Get(ctx, leaseKey).Result()
	if err != nil {
		by = "another run"
	}
	return fmt.Errorf("%w: %w: %s uses it, or was killed less than %v ago", ErrUnfit, errTaken, by, leaseLife)
}

// at calls f with the node that has the lease's slot now.
func (l *lease) at(ctx context.Context, f func(cl *redis.Client) error) error {
	slot := int(resp.Slot([]byte(leaseKey)))
	for _, role := range l.cluster.Roles(ctx) {
		if role.Primary && role.Slots.Has(slot) {
			cl := l.cluster.Client(role.Node, answerLimit)
			defer cl.Close()
			return f(cl)
		}
	}
	return fmt.Errorf("no primary answers for slot %d, in which the lease is", slot)
}

// extend gives the lease another life, or takes it again where it has expired. It extends by
// EXPIRE, which leaves the owner as it is: between the look and the command the key may have
// become another run's.
func (l *lease) extend(ctx context.Context) error {
	return l.at(ctx, func(cl *redis.Client) error {
		by, err := cl.Get(ctx, leaseKey).Result()
		switch {
		case errors.Is(err, redis.Nil):
			held, err := cl.SetNX(ctx, leaseKey, l.run, leaseLife).Result()
			if err != nil {
				return fmt.Errorf("taking the lease again: %w", err)
			}
			if !held {
				return l.taken(ctx, cl)
			}
			return nil
		case err != nil:
			return fmt.Errorf("reading the lease: %w", err)
		case by != l.run:
			return l.taken(ctx, cl)
		}
		return cl.Expire(ctx, leaseKey, leaseLife).Err()
	})
}

// renew keeps the lease until it is released, or another run has it. During a failover of its
// shard it may fail: it lives long enough for the next try.
func (l *lease) renew(ctx context.Context, every time.Duration) {
	defer close(l.done)
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := l.extend(ctx); errors.Is(err, errTaken) && ctx.Err() == nil {
			if l.lost != nil {
				l.lost(err)
			}
			return
		}
	}
}

// free is an error if another run has the lease.
func (l *lease) free(ctx context.Context) error {
	return l.at(ctx, func(cl *redis.Client) error {
		by, err := cl.Get(ctx, leaseKey).Result()
		switch {
		case errors.Is(err, redis.Nil) || err == nil && by == l.run:
			return nil
		case err != nil:
			return fmt.Errorf("reading the lease: %w", err)
		}
		return l.taken(ctx, cl)
	})
}

// release gives the lease back.
func (l *lease) release() error {
	l.stop()
	<-l.done
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	return l.drop(ctx)
}

// drop removes the lease, if it is the run's. In between it gives it a new life: so the lease
// cannot expire, and become another run's, between the last look and its removal.
func (l *lease) drop(ctx context.Context) error {
	return l.at(ctx, func(cl *redis.Client) error {
		ours := func() bool {
			by, err := cl.Get(ctx, leaseKey).Result()
			return err == nil && by == l.run
		}
		if !ours() {
			return nil // it has expired, or belongs to another run
		}
		if err := cl.Expire(ctx, leaseKey, leaseLife).Err(); err != nil {
			return fmt.Errorf("releasing the lease: %w", err)
		}
		if !ours() {
			return nil
		}
		return cl.Del(ctx, leaseKey).Err()
	})
}
