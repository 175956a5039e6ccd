package deployer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
)

const (
	// keysAtOnce is how many keys one MIGRATE takes: the source serves nothing else while it
	// sends them.
	keysAtOnce = 10
	// migrateTimeout bounds the silence of the target within one MIGRATE.
	migrateTimeout = 3 * time.Second
	// failedPause is how long after a migration that failed the next one begins.
	failedPause = time.Second
	// closeLimit is how long a stop waits for the slot that is open.
	closeLimit = 10 * time.Second
)

// Reshard moves slots from the primary of one shard to that of another while clients use
// them. After each failed step it looks for these primaries again: they may change.
type Reshard struct {
	Cluster  *Cluster
	From, To int
	Slots    results.Slots
	// Atomic has the server move all of them in one step (CLUSTER MIGRATESLOTS, Valkey 9).
	Atomic bool
	// Moved is called when slots have moved, with the keys that they had and the time
	// since the first step of the attempt that succeeded.
	Moved func(slots results.Slots, keys int, took time.Duration)

	// from and to are the primaries, as long as no step fails.
	from, to *side
	// begun is when the first attempt at what is under way began, and keys are those that have
	// been sent since.
	begun time.Time
	keys  int
	// done are the slots that the server has moved.
	done results.Slots
}

// Run moves the slots until all have moved, stop ends, or ctx does. A step that fails is tried
// again: a node may be away for a while. A stop waits a while for the slot that is open.
func (r *Reshard) Run(ctx, stop context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(stop, func() {
		t := time.NewTimer(closeLimit)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-ctx.Done():
		}
	})()
	if r.Atomic {
		var diverges error
		err := r.Cluster.await(ctx, func() error {
			err := r.moveAtOnce(ctx, stop)
			if errors.Is(err, ErrDiverges) {
				diverges, err = err, nil
			}
			return err
		})
		if err != nil || diverges != nil {
			err = errors.Join(diverges, err, r.cancel(ctx))
		}
		return err
	}
	defer r.forget()
	for _, slots := range r.Slots {
		for slot := slots.First; slot <= slots.Last && stop.Err() == nil; slot++ {
			r.begun, r.keys = time.Now(), 0
			err := r.Cluster.await(ctx, func() error {
				err := r.move(ctx, slot)
				if err != nil {
					r.forget()
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("moving slot %d: %w", slot, err)
			}
		}
	}
	return nil
}

// AwaitServed waits until every node that answers says that the primary of the shard serves the
// slots, and no primary has one of them open. It names replicas that have: they were primaries,
// ended, and keep what they knew.
func (r *Reshard) AwaitServed(ctx context.Context, slots results.Slots) (open []string, err error) {
	clients, end := r.Cluster.clients()
	defer end()
	err = r.Cluster.await(ctx, func() error {
		open = nil
		roles := r.Cluster.Roles(ctx)
		i := slices.IndexFunc(roles, func(role Role) bool { return role.Primary && role.Node.Shard == r.To })
		if i < 0 {
			return fmt.Errorf("no primary of shard %d answers", r.To)
		}
		views, errs := r.Cluster.askAll(ctx, clients)
		for n, v := range views {
			if errs[n] != nil || 2*v.linked() < len(v.Members) {
				continue // it hears nothing, or too few
			}
			name := r.Cluster.Nodes[n].Name
			if slot, ok := v.opened(slots); ok && v.Primary {
				return fmt.Errorf("slot %d is still open on %s", slot, name)
			} else if ok {
				open = append(open, fmt.Sprintf("%s, a replica now, still has slot %d open", name, slot))
			}
			for _, m := range v.Members {
				if theirs := m.Slots().And(slots); m.ID != roles[i].Node.ID && len(theirs) > 0 {
					return fmt.Errorf("%s still sees slots %s at %s", name, theirs, r.Cluster.NameOf(m.ID))
				}
			}
		}
		return nil
	})
	return open, err
}

// linked is how many of the others the node has a bus link to.
func (v View) linked() (n int) {
	for _, m := range v.Members {
		if !m.Self && m.Linked {
			n++
		}
	}
	return n
}

// opened is the first of some slots that the node itself has open.
func (v View) opened(slots results.Slots) (slot int, ok bool) {
	if self := v.self(); self != nil {
		for _, open := range self.Open {
			if slots.Has(open.Slot) {
				return open.Slot, true
			}
		}
	}
	return 0, false
}

// forget has the primaries be asked for again.
func (r *Reshard) forget() {
	for _, s := range []*side{r.from, r.to} {
		if s != nil && s.Client != nil {
			_ = s.Close() // nothing is under way
		}
	}
	r.from, r.to = nil, nil
}

// sides are the two primaries of this moment.
func (r *Reshard) sides(ctx context.Context) (from, to *side, err error) {
	if r.from != nil {
		return r.from, r.to, nil
	}
	from, to = &side{}, &side{}
	for _, role := range r.Cluster.Roles(ctx) {
		switch {
		case !role.Primary:
		case role.Node.Shard == r.From:
			from.Role = role
		case role.Node.Shard == r.To:
			to.Role = role
		}
	}
	// A primary that has given its last slot away becomes a replica.
	given := to.Node.ID != "" && len(r.Slots.Minus(to.Slots)) == 0
	if from.Node.ID == "" && !given || to.Node.ID == "" {
		return nil, nil, fmt.Errorf("not both of the primaries of shard %d and shard %d answer", r.From, r.To)
	}
	if from.Node.ID != "" {
		from.Client = r.Cluster.Client(from.Node, commandTimeout)
	}
	to.Client = r.Cluster.Client(to.Node, commandTimeout)
	r.from, r.to = from, to
	return from, to, nil
}

// move moves one slot: it is opened on both sides, its keys are moved, and it is closed, at the
// target first, so that at each moment one of the two serves it. An attempt that was broken off
// is taken up by the next one. Source: Redis documentation of CLUSTER SETSLOT.
func (r *Reshard) move(ctx context.Context, slot int) error {
	from, to, err := r.sides(ctx)
	if err != nil {
		return err
	}
	if !to.Slots.Has(slot) {
		if err := r.moveKeys(ctx, from, to, slot); err != nil {
			return err
		}
		if _, err := to.cluster(ctx, "SETSLOT", slot, "NODE", to.Node.ID); err != nil {
			return err
		}
	}
	if from.Client != nil {
		if _, err := from.cluster(ctx, "SETSLOT", slot, "NODE", to.Node.ID); err != nil {
			return err
		}
	}
	r.Moved(results.SlotsOf(results.SlotRange{First: slot, Last: slot}), r.keys, time.Since(r.begun))
	return nil
}

// moveKeys opens a slot and moves all of its keys.
func (r *Reshard) moveKeys(ctx context.Context, from, to *side, slot int) error {
	if _, err := to.cluster(ctx, "SETSLOT", slot, "IMPORTING", from.Node.ID); err != nil {
		return err
	}
	if _, err := from.cluster(ctx, "SETSLOT", slot, "MIGRATING", to.Node.ID); err != nil {
		return err
	}
	for {
		list, err := from.ClusterGetKeysInSlot(ctx, slot, keysAtOnce).Result()
		if err != nil {
			return fmt.Errorf("CLUSTER GETKEYSINSLOT %d on %s: %w", slot, from.Node.Name, err)
		}
		if len(list) == 0 {
			return nil
		}
		if err := r.send(ctx, from, to, list); err != nil {
			return err
		}
		r.keys += len(list)
	}
}

// send has a node send keys of a slot to another one. A key that both have is that of the source:
// it serves the key as long as it has it. The target's copy then comes from a MIGRATE whose
// answer was lost, or whose deletion a source lost that ended soon after.
func (r *Reshard) send(ctx context.Context, from, to *side, keys []string) error {
	host, port, err := net.SplitHostPort(to.Addr)
	if err != nil {
		return fmt.Errorf("the address of %s: %w", to.Node.Name, err)
	}
	words := []any{"MIGRATE", host, port, "", 0, migrateTimeout.Milliseconds(), "REPLACE"}
	var o redis.Options
	r.Cluster.Dialer.Options(&o)
	switch {
	case o.Username != "":
		words = append(words, "AUTH2", o.Username, o.Password)
	case o.Password != "":
		words = append(words, "AUTH", o.Password)
	}
	words = append(words, "KEYS")
	for _, k := range keys {
		words = append(words, k)
	}
	if err := from.Do(ctx, words...).Err(); err != nil {
		return fmt.Errorf("MIGRATE of %d keys from %s to %s: %w", len(keys), from.Node.Name, to.Node.Name, err)
	}
	return nil
}

// errMoving has the primaries be looked at again.
var errMoving = errors.New("the migration is over, and its slots are not seen at the target yet")

// moveAtOnce has the source move all slots that it still has, and waits for the end of the
// migration, or of one that an attempt before has begun. The slots that the target serves have
// moved. Source: Valkey documentation of CLUSTER MIGRATESLOTS and CLUSTER GETSLOTMIGRATIONS.
func (r *Reshard) moveAtOnce(ctx, stop context.Context) error {
	from, to, err := r.sides(ctx)
	if err != nil {
		return err
	}
	defer r.forget()
	left := r.Slots.And(from.Slots)
	if r.begun.IsZero() {
		if r.keys, err = from.keysIn(ctx, left); err != nil {
			return err
		}
		r.begun = time.Now()
	}
	if moved := r.Slots.And(to.Slots).Minus(r.done); len(moved) > 0 {
		r.done = r.done.Plus(moved)
		r.Moved(moved, r.keys, time.Since(r.begun))
		r.keys = 0
	}
	if r.done.Count() == r.Slots.Count() || stop.Err() != nil {
		return nil
	}
	all, err := from.exports(ctx, to.Node.ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(m migration) bool { return !m.over() }) && len(left) > 0 {
		words := []any{"MIGRATESLOTS", "SLOTSRANGE"}
		for _, s := range left {
			words = append(words, s.First, s.Last)
		}
		if _, err := from.cluster(ctx, append(words, "NODE", to.Node.ID)...); err != nil {
			return err
		}
	}
	if err := from.awaitExports(ctx, to.Node.ID); err != nil {
		select { // a migration that fails is not begun again at once
		case <-ctx.Done():
		case <-time.After(failedPause):
		}
		return err
	}
	return errMoving
}

// cancel ends what the server still moves by itself, after ctx has ended.
func (r *Reshard) cancel(ctx context.Context) error {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer done()
	from, _, err := r.sides(ctx)
	if err != nil {
		return err
	}
	defer r.forget()
	if from.Client == nil {
		return nil // all slots have moved
	}
	_, err = from.cluster(ctx, "CANCELSLOTMIGRATIONS")
	return err
}
