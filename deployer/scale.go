package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// Starter starts and ends the nodes that a run adds and removes.
type Starter interface {
	// StartNode starts a node that is not in the cluster, and waits until it answers.
	StartNode(ctx context.Context, name string) error
	// EndNode ends a node that has left the cluster, for good.
	EndNode(name string) error
	// Record writes a step into the run's journal before it acts.
	Record(step, node, why string) error
}

// Scale changes the number of shards of a cluster while clients use it. Out: the new nodes start,
// meet all others, follow their primaries, and take an even share of the slots. In: the last
// shards give all slots away, evenly, and their nodes are forgotten and end.
type Scale struct {
	Cluster *Cluster
	Place   Starter
	// To is the number of shards at the end.
	To int
	// Moves are the moves of slots, by Plan.
	Moves []*Reshard
	// Joined is called when the new nodes are members and their replicas in sync.
	Joined func()
}

// Plan gives the moves that lead from what the primaries serve now to so many shards: each shard
// gives what it does not have then. It needs every primary.
func (c *Cluster) Plan(roles []Role, shards int) ([]*Reshard, error) {
	now, has, served := c.PresentShards(), make([]results.Slots, c.Shards), 0
	for _, role := range roles {
		if role.Primary {
			has[role.Node.Shard] = has[role.Node.Shard].Plus(role.Slots)
		}
	}
	var list []*Reshard
	for from := range now {
		served += has[from].Count()
		for to, slots := range c.Layout(shards) {
			if moving := has[from].And(slots); from != to && len(moving) > 0 {
				list = append(list, &Reshard{Cluster: c, From: from, To: to, Slots: moving})
			}
		}
	}
	if served < Slots {
		return nil, fmt.Errorf("the primaries that answer serve %d of %d slots", served, Slots)
	}
	return list, nil
}

// Changing are the nodes that a change to so many shards adds or removes, the primaries first.
func (c *Cluster) Changing(shards int) []Node {
	now := c.PresentShards()
	var list []Node
	for _, n := range c.Nodes {
		if n.Shard >= min(now, shards) && n.Shard < max(now, shards) {
			list = append(list, n)
		}
	}
	return list
}

// Run carries the change out. A stop ends it after the slot that is open: nodes that have slots
// then stay.
func (s *Scale) Run(ctx, stop context.Context) error {
	changing, out := s.Cluster.Changing(s.To), s.To > s.Cluster.PresentShards()
	if out {
		if err := s.join(ctx, changing); err != nil {
			return err
		}
		s.Joined()
	}
	if err := s.move(ctx, stop); err != nil {
		return err
	}
	if out {
		return nil
	}
	if stop.Err() != nil {
		// Shards that have given every slot away leave all the same: otherwise the cluster
		// would have members that serve nothing.
		if rest, err := s.Cluster.Plan(s.Cluster.Roles(ctx), s.To); err != nil || len(rest) > 0 {
			return nil
		}
	}
	for _, move := range s.Moves {
		if _, err := move.AwaitServed(ctx, move.Slots); err != nil {
			return err
		}
	}
	return s.leave(ctx, changing)
}

// move moves the slots: key by key between all pairs of shards at a time, because most of the
// time is that of round trips. A server that moves slots by itself does so for one pair after
// the other.
func (s *Scale) move(ctx, stop context.Context) error {
	errs := make([]error, len(s.Moves))
	var wg sync.WaitGroup
	for i, m := range s.Moves {
		one := func() {
			if stop.Err() != nil {
				return
			}
			errs[i] = s.Place.Record("move", "", fmt.Sprintf("slots %s go from shard %d to shard %d", m.Slots, m.From, m.To))
			if errs[i] == nil {
				errs[i] = m.Run(ctx, stop)
			}
			if errs[i] != nil {
				errs[i] = fmt.Errorf("moving slots from shard %d to shard %d: %w", m.From, m.To, errs[i])
			}
		}
		if m.Atomic {
			one()
		} else {
			wg.Go(one)
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

// join brings new nodes into the cluster, with their replicas in sync.
func (s *Scale) join(ctx context.Context, nodes []Node) error {
	c := s.Cluster
	for _, n := range nodes {
		if err := s.Place.Record("join", n.Name, "it starts, and becomes a node of shard "+fmt.Sprint(n.Shard)); err != nil {
			return err
		}
		if err := s.Place.StartNode(ctx, n.Name); err != nil {
			return fmt.Errorf("starting %s: %w", n.Name, err)
		}
	}
	return c.WithoutSyncDelay(ctx, nodes, func() error {
		if err := s.meet(ctx, nodes); err != nil {
			return err
		}
		for _, n := range nodes {
			primary := nodes[slices.IndexFunc(nodes, func(p Node) bool { return p.Shard == n.Shard })]
			if primary.Name == n.Name {
				continue
			}
			if err := c.order(ctx, n, "REPLICATE", primary.ID); err != nil {
				return fmt.Errorf("making %s a replica of %s: %w", n.Name, primary.Name, err)
			}
		}
		c.roster.set(true, names(nodes)...)
		return c.await(ctx, func() error { return c.ready(ctx, nodes) })
	})
}

// meet introduces new nodes to all others, and waits until all know them. Gossip would take
// longer, and does not bring back a node that was forgotten within the last minute. Source:
// Redis documentation of CLUSTER FORGET.
func (s *Scale) meet(ctx context.Context, nodes []Node) error {
	c := s.Cluster
	members := slices.Concat(c.PresentNodes(), nodes)
	for i, n := range nodes {
		cl := c.Client(n, commandTimeout)
		host, port, err := announced(ctx, cl)
		cl.Close()
		if err != nil {
			return fmt.Errorf("asking %s for its address: %w", n.Name, err)
		}
		for _, m := range members[:len(members)-len(nodes)+i] {
			if err := c.order(ctx, m, "MEET", host, port); err != nil {
				return fmt.Errorf("introducing %s to %s: %w", n.Name, m.Name, err)
			}
		}
	}
	for _, m := range members {
		cl := c.Client(m, commandTimeout)
		err := c.await(ctx, func() error { return knowsAll(ctx, cl, len(members)) })
		cl.Close()
		if err != nil {
			return fmt.Errorf("%s does not meet the others: %w", m.Name, err)
		}
	}
	return nil
}

// order sends a CLUSTER command to a node, again and again until it is carried out: a node may
// be away for a while.
func (c *Cluster) order(ctx context.Context, n Node, words ...any) error {
	cl := c.Client(n, commandTimeout)
	defer cl.Close()
	return c.await(ctx, func() error { return cl.Do(ctx, slices.Concat([]any{"CLUSTER"}, words)...).Err() })
}

// ready reports whether new nodes know who serves every slot, and their replicas are in sync. A
// slot that a node imports before it knows the owner stays without one in its view.
func (c *Cluster) ready(ctx context.Context, nodes []Node) error {
	clients, end := c.clients()
	defer end()
	views, errs := c.askAll(ctx, clients)
	for i, n := range c.Nodes {
		if !slices.ContainsFunc(nodes, func(joined Node) bool { return joined.Name == n.Name }) {
			continue
		}
		known := 0
		for _, m := range views[i].Members {
			known += m.Slots().Count()
		}
		first := nodes[slices.IndexFunc(nodes, func(p Node) bool { return p.Shard == n.Shard })]
		switch {
		case errs[i] != nil:
			return fmt.Errorf("%s does not answer: %w", n.Name, errs[i])
		case !views[i].StateOK || known < Slots:
			return fmt.Errorf("%s knows who serves %d of the slots", n.Name, known)
		case n.Name != first.Name && !views[i].LinkUp:
			return fmt.Errorf("%s has not synchronised", n.Name)
		}
	}
	return nil
}

// leave takes nodes that serve nothing out of the cluster, and ends them. All others forget them
// first, so that none takes their end for a failure.
func (s *Scale) leave(ctx context.Context, nodes []Node) error {
	c := s.Cluster
	for _, role := range c.Roles(ctx) {
		if slices.ContainsFunc(nodes, func(n Node) bool { return n.Name == role.Node.Name }) && len(role.Slots) > 0 {
			return fmt.Errorf("%s, which is to leave, serves slots %s", role.Node.Name, role.Slots)
		}
	}
	for _, n := range nodes {
		if err := s.Place.Record("leave", n.Name, "all others forget it, and it ends"); err != nil {
			return err
		}
	}
	c.roster.set(false, names(nodes)...)
	for _, n := range nodes {
		for _, m := range c.PresentNodes() {
			if err := c.forget(ctx, m, n); err != nil {
				return err
			}
		}
	}
	for _, n := range nodes {
		// It may join again: it then must not know the cluster as it was. One that does not
		// answer cannot be reset, and is ended all the same.
		resetting, cancel := context.WithTimeout(ctx, time.Second)
		err := c.order(resetting, n, "RESET", "SOFT")
		cancel()
		if err := s.Place.EndNode(n.Name); err != nil {
			return fmt.Errorf("ending %s: %w", n.Name, err)
		}
		if ctx.Err() != nil {
			return errors.Join(err, context.Cause(ctx))
		}
	}
	return nil
}

// forget has a node forget another one.
func (c *Cluster) forget(ctx context.Context, by, n Node) error {
	cl := c.Client(by, commandTimeout)
	defer cl.Close()
	err := c.await(ctx, func() error {
		err := cl.ClusterForget(ctx, n.ID).Err()
		if err != nil && strings.Contains(err.Error(), "Unknown node") {
			return nil // it forgot it in an attempt whose answer was lost, or hears it from others
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s does not forget %s: %w", by.Name, n.Name, err)
	}
	return nil
}
