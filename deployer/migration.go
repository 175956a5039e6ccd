package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	state, message string
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

// exports are the migrations from a node to another one, the newest first.
func (s *side) exports(ctx context.Context, to string) ([]migration, error) {
	reply, err := s.cluster(ctx, "GETSLOTMIGRATIONS")
	if err != nil {
		return nil, err
	}
	list, _ := reply.([]any)
	var all []migration
	for _, one := range list {
		words, _ := one.([]any)
		fields := map[string]string{}
		for i := 0; i+1 < len(words); i += 2 {
			fields[fmt.Sprint(words[i])] = fmt.Sprint(words[i+1])
		}
		if fields["operation"] != "EXPORT" || fields["target_node"] != to {
			continue
		}
		m := migration{state: fields["state"], message: fields["message"]}
		m.remaining, _ = strconv.ParseInt(fields["remaining_repl_size"], 10, 64)
		all = append(all, m)
	}
	return all, nil
}

// awaitExports waits until a node moves no slots to another one, and says how the last migration
// failed, if it did.
func (s *side) awaitExports(ctx context.Context, to string) error {
	t := time.NewTicker(migrationsEvery)
	defer t.Stop()
	var b backlog
	for {
		all, err := s.exports(ctx, to)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(m migration) bool { return !m.over() })
		switch {
		case i >= 0 && b.grows(all[i], time.Now()):
			return fmt.Errorf("%w: %s has %d bytes still to send, and never had fewer than %d in %v", ErrDiverges, s.Node.Name, all[i].remaining, b.least, convergeWithin)
		case i < 0 && len(all) > 0 && all[0].state != "success":
			return fmt.Errorf("the migration on %s is %s: %s", s.Node.Name, all[0].state, all[0].message)
		case i < 0:
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-t.C:
		}
	}
}

// backlog is the least that was still to be sent in a state, and since when.
type backlog struct {
	state string
	least int64
	since time.Time
}

// grows reports whether the backlog has not become smaller for too long. While the snapshot is
// sent, what clients write meanwhile only accumulates. Valkey 9.0 does not say how much it is.
func (b *backlog) grows(m migration, now time.Time) bool {
	smaller := m.remaining < b.least || m.state != b.state
	if smaller || m.remaining == 0 || strings.Contains(m.state, "snapshot") {
		*b = backlog{m.state, m.remaining, now}
	}
	return now.Sub(b.since) > convergeWithin
}
