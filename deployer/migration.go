package deployer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
)

const (
	// migrationsEvery is the distance of two questions for how a migration stands.
	migrationsEvery = 50 * time.Millisecond
	// convergeWithin is how long the data that are still to be sent may fail to become
	// fewer.
	convergeWithin = 30 * time.Second
)

// ErrDiverges marks a migration whose backlog does not become smaller: clients write faster
// than the source can send.
var ErrDiverges = errors.New("the migration does not converge")

// migration is how a node says that a migration stands.
type migration struct {
	name, state, message string
	// remaining are the bytes that are still to be sent, beside the snapshot.
	remaining int64
}

// over reports whether nothing more will come of it.
func (m migration) over() bool {
	return m.state == "success" || m.state == "failed" || m.state == "cancelled"
}

// keysIn counts the keys of slots.
func (s *side) keysIn(ctx context.Context, slots results.Slots) (int, error) {
	pipe := s.Pipeline()
	var counts []*redis.IntCmd
	for _, r := range slots {
		for slot := r.First; slot <= r.Last; slot++ {
			counts = append(counts, pipe.ClusterCountKeysInSlot(ctx, slot))
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, fmt.Errorf("counting keys on %s: %w", s.Node.Name, err)
	}
	sum := 0
	for _, c := range counts {
		sum += int(c.Val())
	}
	return sum, nil
}

// migrations are those that a node knows, by name.
func (s *side) migrations(ctx context.Context) (map[string]migration, error) {
	reply, err := s.cluster(ctx, "GETSLOTMIGRATIONS")
	if err != nil {
		return nil, err
	}
	list, _ := reply.([]any)
	all := map[string]migration{}
	for _, one := range list {
		words, _ := one.([]any)
		fields := map[string]string{}
		for i := 0; i+1 < len(words); i += 2 {
			fields[fmt.Sprint(words[i])] = fmt.Sprint(words[i+1])
		}
		m := migration{name: fields["name"], state: fields["state"], message: fields["message"]}
		m.remaining, _ = strconv.ParseInt(fields["remaining_repl_size"], 10, 64)
		all[m.name] = m
	}
	return all, nil
}

// awaitMigration waits for the end of a migration that was not known before. One whose backlog
// does not become smaller is cancelled.
func (s *side) awaitMigration(ctx context.Context, before map[string]migration) error {
	t := time.NewTicker(migrationsEvery)
	defer t.Stop()
	least, since := int64(-1), time.Now()
	for {
		all, err := s.migrations(ctx)
		if err != nil {
			return err
		}
		for name, m := range all {
			if _, known := before[name]; known {
				continue
			}
			switch {
			case m.state == "success":
				return nil
			case m.over():
				return fmt.Errorf("the migration on %s is %s: %s", s.Node.Name, m.state, m.message)
			case m.remaining > 0 && (least < 0 || m.remaining < least):
				least, since = m.remaining, time.Now()
			case m.remaining > 0 && time.Since(since) > convergeWithin:
				_, err := s.cluster(ctx, "CANCELSLOTMIGRATIONS")
				return errors.Join(fmt.Errorf("%w: %s has %d bytes still to send, and never had fewer than %d in %v", ErrDiverges, s.Node.Name, m.remaining, least, convergeWithin), err)
			}
		}
		select {
		case <-ctx.Done():
			_, err := s.cluster(context.WithoutCancel(ctx), "CANCELSLOTMIGRATIONS")
			return errors.Join(context.Cause(ctx), err)
		case <-t.C:
		}
	}
}
