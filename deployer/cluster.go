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
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/slotstorm/slotstorm/internal/dial"
)

// Slots is the number of hash slots. Source: Redis Cluster specification.
const Slots = 16384

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
	Nodes  []Node
	Shards int
	// Dialer reaches a node by its Node.Addr, or by an address that it announces
	// to the cluster. Secure gives it the password and the certificates.
	Dialer dial.Dialer
	// Announced, if not nil, names the node that announces an address to the
	// others, now or before, where addresses differ from Node.Addr.
	Announced func(addr string) (name string, ok bool)
	// LookEvery is the distance of two looks at a condition that is awaited; 10 ms
	// if 0.
	LookEvery time.Duration
}

// ShardSlots is the range of slots of a shard, both ends included.
func (c *Cluster) ShardSlots(shard int) (first, last int) {
	return shard * Slots / c.Shards, (shard+1)*Slots/c.Shards - 1
}

// ShardOf is the shard that serves a slot.
func (c *Cluster) ShardOf(slot int) int {
	// The inverse of ShardSlots' rounding down.
	shard := (slot*c.Shards + c.Shards - 1) / Slots
	if first, _ := c.ShardSlots(min(shard, c.Shards-1)); first > slot || shard == c.Shards {
		shard--
	}
	return shard
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

// Form makes the nodes, which run and are empty, into a cluster: the first node
// of each shard becomes its primary, the others its replicas.
func (c *Cluster) Form(ctx context.Context) error {
	clients := map[string]*redis.Client{}
	defer func() {
		for _, cl := range clients {
			cl.Close()
		}
	}()
	for i, n := range c.Nodes {
		cl := c.Client(n, commandTimeout)
		clients[n.Name] = cl
		if err := c.awaitPing(ctx, cl); err != nil {
			return fmt.Errorf("waiting for %s (%s): %w", n.Name, n.Addr, err)
		}
		// Distinct epochs from the start spare the cluster the collisions that
		// it would otherwise have to resolve one by one.
		if err := cl.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return fmt.Errorf("preparing %s: %w", n.Name, err)
		}
	}
	if err := c.learn(ctx, clients); err != nil {
		return err
	}
	first := c.Nodes[0]
	for _, n := range c.Nodes[1:] {
		host, port, err := announced(ctx, clients[n.Name])
		if err != nil {
			return fmt.Errorf("asking %s for its address: %w", n.Name, err)
		}
		if err := clients[first.Name].ClusterMeet(ctx, host, port).Err(); err != nil {
			return fmt.Errorf("introducing %s to %s: %w", n.Name, first.Name, err)
		}
	}
	primaries := make([]Node, c.Shards)
	for shard := range c.Shards {
		primaries[shard] = c.Members(shard)[0]
		from, to := c.ShardSlots(shard)
		if err := clients[primaries[shard].Name].ClusterAddSlotsRange(ctx, from, to).Err(); err != nil {
			return fmt.Errorf("giving slots %d-%d to %s: %w", from, to, primaries[shard].Name, err)
		}
	}
	for _, n := range c.Nodes {
		if err := c.await(ctx, func() error { return knowsAll(ctx, clients[n.Name], len(c.Nodes)) }); err != nil {
			return fmt.Errorf("%s does not meet the others: %w", n.Name, err)
		}
	}
	for shard, primary := range primaries {
		for _, n := range c.Members(shard)[1:] {
			if err := clients[n.Name].ClusterReplicate(ctx, primary.ID).Err(); err != nil {
				return fmt.Errorf("making %s a replica of %s: %w", n.Name, primary.Name, err)
			}
		}
	}
	return nil
}

// learn asks every node for its cluster id.
func (c *Cluster) learn(ctx context.Context, clients map[string]*redis.Client) error {
	for i, n := range c.Nodes {
		id, err := clients[n.Name].ClusterMyID(ctx).Result()
		if err != nil {
			return fmt.Errorf("asking %s for its id: %w", n.Name, err)
		}
		c.Nodes[i].ID = id
	}
	return nil
}

// Learn asks every node of a cluster that was formed before for its cluster id.
func (c *Cluster) Learn(ctx context.Context) error {
	clients := map[string]*redis.Client{}
	for _, n := range c.Nodes {
		cl := c.Client(n, commandTimeout)
		defer cl.Close()
		clients[n.Name] = cl
		if err := c.awaitPing(ctx, cl); err != nil {
			return fmt.Errorf("waiting for %s (%s): %w", n.Name, n.Addr, err)
		}
	}
	return c.learn(ctx, clients)
}

// Empty removes all data from a cluster that is whole.
func (c *Cluster) Empty(ctx context.Context) error {
	for _, role := range c.Roles(ctx) {
		if !role.Primary {
			continue
		}
		cl := c.Client(role.Node, commandTimeout)
		err := cl.FlushAll(ctx).Err()
		cl.Close()
		if err != nil {
			return fmt.Errorf("emptying %s: %w", role.Node.Name, err)
		}
	}
	return nil
}

// announced is the address by which a node introduces itself to others.
func announced(ctx context.Context, cl *redis.Client) (host, port string, err error) {
	text, err := cl.ClusterNodes(ctx).Result()
	if err != nil {
		return "", "", err
	}
	members, err := ParseNodes(text)
	if err != nil {
		return "", "", err
	}
	for _, m := range members {
		if m.Self {
			return net.SplitHostPort(m.Addr)
		}
	}
	return "", "", errors.New("CLUSTER NODES has no line of its own")
}

// WithoutSyncDelay runs f while primaries start a replica's first
// synchronisation at once, instead of waiting for more replicas (5 s by
// default), and then gives every node its own setting back.
func (c *Cluster) WithoutSyncDelay(ctx context.Context, f func() error) (err error) {
	const directive = "repl-diskless-sync-delay"
	for _, n := range c.Nodes {
		cl := c.Client(n, commandTimeout)
		defer cl.Close()
		if err := c.awaitPing(ctx, cl); err != nil {
			return fmt.Errorf("waiting for %s (%s): %w", n.Name, n.Addr, err)
		}
		was, err := cl.ConfigGet(ctx, directive).Result()
		if err != nil {
			return fmt.Errorf("reading %s of %s: %w", directive, n.Name, err)
		}
		if err := cl.ConfigSet(ctx, directive, "0").Err(); err != nil {
			return fmt.Errorf("setting %s of %s: %w", directive, n.Name, err)
		}
		defer func() {
			if serr := cl.ConfigSet(ctx, directive, was[directive]).Err(); serr != nil && err == nil {
				err = fmt.Errorf("restoring %s of %s: %w", directive, n.Name, serr)
			}
		}()
	}
	return f()
}

// AwaitPing waits until a node answers PING.
func (c *Cluster) AwaitPing(ctx context.Context, n Node) error {
	cl := c.Client(n, time.Second)
	defer cl.Close()
	return c.awaitPing(ctx, cl)
}

func (c *Cluster) awaitPing(ctx context.Context, cl *redis.Client) error {
	return c.await(ctx, func() error { return cl.Ping(ctx).Err() })
}

func knowsAll(ctx context.Context, cl *redis.Client, want int) error {
	text, err := cl.ClusterNodes(ctx).Result()
	if err != nil {
		return err
	}
	members, err := ParseNodes(text)
	if err != nil {
		return err
	}
	known := 0
	for _, m := range members {
		if !m.Handshake && !m.NoAddr {
			known++
		}
	}
	if known != want {
		return fmt.Errorf("it knows %d of %d nodes", known, want)
	}
	return nil
}

// lookEvery is the distance of two looks at a condition, where a look is cheap.
const lookEvery = 10 * time.Millisecond

// await looks until f gives nil or the context ends; then it tells what f said
// last.
func (c *Cluster) await(ctx context.Context, f func() error) error {
	t := time.NewTicker(cmp.Or(c.LookEvery, lookEvery))
	defer t.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			if cause := context.Cause(ctx); !errors.Is(err, cause) {
				return fmt.Errorf("%w (%w)", err, cause)
			}
			return err
		case <-t.C:
		}
	}
}

// View is what one node says of itself and of the others at one moment.
type View struct {
	Members []Member
	// StateOK is cluster_state:ok.
	StateOK bool
	// LinkUp and Offset are a replica's; Primary tells which it is not.
	Primary  bool
	LinkUp   bool
	Offset   int64
	Replicas int
}

// Ask reads a node's view in one round trip.
func Ask(ctx context.Context, cl *redis.Client) (View, error) {
	pipe := cl.Pipeline()
	nodes, info, repl := pipe.ClusterNodes(ctx), pipe.ClusterInfo(ctx), pipe.Info(ctx, "replication")
	if _, err := pipe.Exec(ctx); err != nil {
		return View{}, err
	}
	members, err := ParseNodes(nodes.Val())
	if err != nil {
		return View{}, err
	}
	v := View{Members: members, StateOK: field(info.Val(), "cluster_state") == "ok"}
	r := repl.Val()
	v.Primary = field(r, "role") == "master"
	if v.Primary {
		v.Offset, _ = strconv.ParseInt(field(r, "master_repl_offset"), 10, 64)
		v.Replicas, _ = strconv.Atoi(field(r, "connected_slaves"))
	} else {
		v.LinkUp = field(r, "master_link_status") == "up" && field(r, "master_sync_in_progress") == "0"
		v.Offset, _ = strconv.ParseInt(field(r, "slave_repl_offset"), 10, 64)
	}
	return v, nil
}

// maxLag is how many bytes a replica may stand behind and still follow: load is
// always under way between two looks.
const maxLag = 4 << 20

// AwaitWhole waits until the cluster is whole: every node answers, says ok, and
// sees all others without a failure flag; every slot is served; every replica's
// link is up and its offset follows. It tells what is missing if ctx ends first.
//
// cluster_state:ok alone comes seconds before the replicas have synchronised,
// and a replica that never has cannot fail over.
func (c *Cluster) AwaitWhole(ctx context.Context) error {
	clients := make([]*redis.Client, len(c.Nodes))
	for i, n := range c.Nodes {
		clients[i] = c.Client(n, time.Second)
		defer clients[i].Close()
	}
	return c.await(ctx, func() error { return c.whole(ctx, clients) })
}

func (c *Cluster) whole(ctx context.Context, clients []*redis.Client) error {
	primaryOffset := map[int]int64{}
	replicas := map[int]int{}
	views := make([]View, len(c.Nodes))
	for i, n := range c.Nodes {
		v, err := Ask(ctx, clients[i])
		if err != nil {
			return fmt.Errorf("%s does not answer: %w", n.Name, err)
		}
		if !v.StateOK {
			return fmt.Errorf("%s says cluster_state:fail", n.Name)
		}
		for _, m := range v.Members {
			switch {
			case m.Fail || m.PFail:
				return fmt.Errorf("%s still sees %s as failing", n.Name, c.NameOf(m.ID))
			case !m.Self && !m.Linked:
				return fmt.Errorf("%s has no bus link to %s", n.Name, c.NameOf(m.ID))
			}
		}
		if len(v.Members) != len(c.Nodes) {
			return fmt.Errorf("%s knows %d of %d nodes", n.Name, len(v.Members), len(c.Nodes))
		}
		views[i] = v
		if v.Primary {
			primaryOffset[n.Shard] = v.Offset
		} else {
			replicas[n.Shard]++
		}
	}
	for i, n := range c.Nodes {
		v := views[i]
		if v.Primary {
			if v.Replicas < replicas[n.Shard] {
				return fmt.Errorf("%s has %d of %d replicas connected", n.Name, v.Replicas, replicas[n.Shard])
			}
			continue
		}
		offset, ok := primaryOffset[n.Shard]
		switch {
		case !ok:
			return fmt.Errorf("shard %d has no primary", n.Shard)
		case !v.LinkUp:
			return fmt.Errorf("%s has not synchronised with its primary", n.Name)
		case offset-v.Offset > maxLag:
			return fmt.Errorf("%s is %d bytes behind its primary", n.Name, offset-v.Offset)
		}
	}
	return nil
}

// NameOf is the name of the node with a cluster id; an id that nobody has stands
// for itself.
func (c *Cluster) NameOf(id string) string {
	for _, n := range c.Nodes {
		if n.ID == id {
			return n.Name
		}
	}
	return id
}

// PID asks a node for the number of its process.
func (c *Cluster) PID(ctx context.Context, n Node) (int, error) {
	cl := c.Client(n, commandTimeout)
	defer cl.Close()
	text, err := cl.Info(ctx, "server").Result()
	if err != nil {
		return 0, fmt.Errorf("asking %s for its process: %w", n.Name, err)
	}
	pid, err := strconv.Atoi(field(text, "process_id"))
	if err != nil {
		return 0, fmt.Errorf("asking %s for its process: %w", n.Name, err)
	}
	return pid, nil
}

// Version asks the nodes for Redis' version, such as "7.0.15"; the first that
// answers tells.
func (c *Cluster) Version(ctx context.Context) (string, error) {
	var last error
	for _, n := range c.Nodes {
		cl := c.Client(n, commandTimeout)
		text, err := cl.Info(ctx, "server").Result()
		cl.Close()
		if version := field(text, "redis_version"); err == nil && version != "" {
			return version, nil
		}
		last = fmt.Errorf("asking %s for its version: %w", n.Name, err)
	}
	return "", last
}

// Role is what a node is right now.
type Role struct {
	Node    Node
	Primary bool
	// Addr is the ip:port that it announces, Offset its replication offset. LinkUp
	// tells whether a replica is in sync.
	Addr   string
	Offset int64
	LinkUp bool
}

// Roles asks every node what it is, now. Nodes that do not answer are left out.
func (c *Cluster) Roles(ctx context.Context) []Role {
	// At once: nodes that do not answer would add up their time-outs.
	views, errs := make([]View, len(c.Nodes)), make([]error, len(c.Nodes))
	var wg sync.WaitGroup
	for i, n := range c.Nodes {
		wg.Go(func() {
			cl := c.Client(n, time.Second)
			defer cl.Close()
			views[i], errs[i] = Ask(ctx, cl)
		})
	}
	wg.Wait()
	var list []Role
	for i, n := range c.Nodes {
		v := views[i]
		if errs[i] != nil {
			continue
		}
		r := Role{Node: n, Primary: v.Primary, Offset: v.Offset, LinkUp: v.LinkUp}
		for _, m := range v.Members {
			if m.Self {
				r.Addr = m.Addr
			}
		}
		list = append(list, r)
	}
	return list
}
