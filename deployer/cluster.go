// Package deployer puts a Redis Cluster onto a place where nodes can run. This
// package holds what is the same everywhere, written once over a dial.Dialer: forming
// the cluster, waiting until it is whole, reading and watching its topology, and
// reading Redis' log. The folders below start the nodes.
//
//	nodes run ─▶ Form ─▶ AwaitWhole ─▶ Watch ─▶ (faults, load) ─▶ AwaitWhole ─▶ ReadLog
package deployer

import (
	"cmp"
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
)

// Node is one node of the cluster.
type Node struct {
	// Name is stable over restarts.
	Name string
	// Addr is host:port for Cluster.Dialer, stable over restarts too. What the node
	// announces to the cluster may differ, and change: a pod that is made again
	// has a new IP.
	Addr string
	// Shard is the index of the shard that it was deployed into.
	Shard int
	// ID is its cluster id, which lives on its volume; Form sets it.
	ID string
}

// Cluster is a Redis Cluster: its nodes and how to talk to them.
type Cluster struct {
	// Nodes are all nodes of the run; of a cluster that the run scales, those too that are
	// not in it at the moment. Shards is the most that it has.
	Nodes  []Node
	Shards int
	// Dialer reaches a node by its Node.Addr, or by an address that it announces
	// to the cluster. Secure gives it the password and the certificates.
	Dialer dial.Dialer
	// Announced, if not nil, names the node that announces an address to the
	// others, now or before, where addresses differ from Node.Addr.
	Announced func(addr string) (name string, ok bool)
	// Config are, by name, the directives that single nodes of a cluster that slotstorm did not
	// deploy have instead of those of all nodes.
	Config map[string]map[string]string
	// Hostnames says that the nodes announce host names, which all of them have to know.
	Hostnames bool
	// LookEvery is the distance of two looks at a condition that is awaited; 10 ms
	// if 0.
	LookEvery time.Duration
	// owned are the slots of each shard, and shardOf the shard of each slot, where they are
	// not spread evenly.
	owned   []results.Slots
	shardOf []int
	// roster is that of a cluster that the run scales, and first how many shards it had when
	// it was formed.
	roster *roster
	first  int
}

// Own states which slots belong to which shard; without it they are spread evenly.
func (c *Cluster) Own(slots []results.Slots) {
	c.owned, c.shardOf = slots, make([]int, Slots)
	for shard, list := range slots {
		for _, r := range list {
			for slot := r.First; slot <= r.Last; slot++ {
				c.shardOf[slot] = shard
			}
		}
	}
}

// Node finds a node by name.
func (c *Cluster) Node(name string) (Node, bool) {
	for _, n := range c.Nodes {
		if n.Name == name {
			return n, true
		}
	}
	return Node{}, false
}

// Members are the nodes of a shard.
func (c *Cluster) Members(shard int) []Node {
	var list []Node
	for _, n := range c.Nodes {
		if n.Shard == shard {
			list = append(list, n)
		}
	}
	return list
}

// Client opens a client to one node that asks once, fails fast, and sends
// nothing of its own accord beside authentication. The caller closes it.
func (c *Cluster) Client(n Node, timeout time.Duration) *redis.Client {
	o := &redis.Options{
		Addr:                     n.Addr,
		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		MaxRetries:               -1,
		DialerRetries:            1,
		PoolSize:                 1,
		DialTimeout:              timeout,
		ReadTimeout:              timeout,
		WriteTimeout:             timeout,
		ContextTimeoutEnabled:    true,
	}
	c.Dialer.Options(o)
	open := o.Dialer
	o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := open(ctx, network, addr)
		if err != nil {
			return unmade{err}, nil
		}
		return conn, nil
	}
	return redis.NewClient(o)
}

// commandTimeout bounds one administrative command.
const commandTimeout = 5 * time.Second

// lookEvery is the distance of two looks at a condition, where a look is cheap.
const lookEvery = 10 * time.Millisecond

// await looks until f gives nil or the context ends. Then it returns what f said last,
// apart from a look that the end of the context cut off: its error says nothing of the
// cluster.
func (c *Cluster) await(ctx context.Context, f func() error) error {
	t := time.NewTicker(cmp.Or(c.LookEvery, lookEvery))
	defer t.Stop()
	began := time.Now()
	var last error
	for {
		err := f()
		if err == nil {
			return nil
		}
		if last == nil || !over(ctx) {
			last = err
		}
		select {
		case <-ctx.Done():
			if cause := context.Cause(ctx); !errors.Is(last, cause) {
				return inVain(last, cause, began)
			}
			return last
		case <-t.C:
		}
	}
}

// over reports whether a context has ended, or its deadline has passed: a connection
// takes the same deadline, and may be the first to notice.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// NameOf is the name of the node with a cluster id; an unknown id stands for
// itself.
func (c *Cluster) NameOf(id string) string {
	for _, n := range c.Nodes {
		if n.ID == id {
			return n.Name
		}
	}
	return id
}

// Slots is the number of hash slots. Source: Redis Cluster specification.
const Slots = 16384

// SlotsOf are the slots of a shard.
func (c *Cluster) SlotsOf(shard int) results.Slots {
	if c.owned != nil {
		return c.owned[shard]
	}
	first, last := c.spread(shard)
	return results.SlotsOf(results.SlotRange{First: first, Last: last})
}

// spread is the range of slots of a shard, both ends included, where they are spread evenly.
func (c *Cluster) spread(shard int) (first, last int) {
	return shard * Slots / c.Shards, (shard+1)*Slots/c.Shards - 1
}

// ShardOf is the shard that serves a slot.
func (c *Cluster) ShardOf(slot int) int {
	if c.shardOf != nil {
		return c.shardOf[slot]
	}
	// The inverse of the rounding down of spread.
	shard := (slot*c.Shards + c.Shards - 1) / Slots
	if first, _ := c.spread(min(shard, c.Shards-1)); first > slot || shard == c.Shards {
		shard--
	}
	return shard
}
