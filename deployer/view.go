package deployer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/results"
)

// View is what one node says of itself and of the others at one moment.
type View struct {
	Members []Member
	// StateOK is cluster_state:ok.
	StateOK bool
	// LinkUp and Offset are a replica's; Primary excludes them.
	Primary  bool
	LinkUp   bool
	Offset   int64
	Replicas int
}

// self is what the node says of itself; nil if it has no line of its own.
func (v View) self() *Member {
	for i := range v.Members {
		if v.Members[i].Self {
			return &v.Members[i]
		}
	}
	return nil
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

// Role is what a node is right now.
type Role struct {
	// Node has as its Shard the one that it serves now, or whose primary it follows:
	// replicas move between shards. It is the shard of its deployment where it belongs
	// to none.
	Node    Node
	Primary bool
	// Addr is the ip:port that it announces, Offset its replication offset. LinkUp
	// means that a replica is in sync.
	Addr   string
	Offset int64
	LinkUp bool
	// Slots are those that it says that it serves.
	Slots results.Slots
}

// Roles asks every node what it is, now. Nodes that do not answer are left out.
func (c *Cluster) Roles(ctx context.Context) []Role {
	clients, end := c.clients()
	defer end()
	views, errs := c.askAll(ctx, clients)
	var list []Role
	for i, n := range c.Nodes {
		v := views[i]
		if errs[i] != nil {
			continue
		}
		n.Shard = c.shardNow(n, v)
		r := Role{Node: n, Primary: v.Primary, Offset: v.Offset, LinkUp: v.LinkUp}
		if self := v.self(); self != nil {
			r.Addr, r.Slots = self.Addr, self.Slots()
		}
		list = append(list, r)
	}
	return list
}

// clients are a connection to every node, in their order, and what ends them.
func (c *Cluster) clients() (list []*redis.Client, end func()) {
	for _, n := range c.Nodes {
		list = append(list, c.Client(n, time.Second))
	}
	return list, func() {
		for _, cl := range list {
			cl.Close()
		}
	}
}

// errAbsent is the answer of a node that is not in the cluster.
var errAbsent = errors.New("it is not in the cluster")

// askAll reads the views of the nodes at once: one after the other, nodes that do not answer
// would add up their time-outs, and the last view would be much younger than the first.
func (c *Cluster) askAll(ctx context.Context, clients []*redis.Client) ([]View, []error) {
	views, errs := make([]View, len(clients)), make([]error, len(clients))
	var wg sync.WaitGroup
	for i, cl := range clients {
		if !c.Present(c.Nodes[i].Name) {
			errs[i] = errAbsent
			continue
		}
		wg.Go(func() { views[i], errs[i] = Ask(ctx, cl) })
	}
	wg.Wait()
	return views, errs
}

// shardNow is the shard that most slots of a node belong to or, of a replica, most of
// its primary's.
func (c *Cluster) shardNow(n Node, v View) int {
	self := v.self()
	if self == nil {
		return n.Shard
	}
	serves := self.ID
	if !v.Primary {
		serves = self.PrimaryID
	}
	count := make([]int, c.Shards)
	shard := n.Shard
	for _, m := range v.Members {
		if m.ID != serves {
			continue
		}
		slots := m.Slots()
		for of := range count {
			count[of] += slots.And(c.SlotsOf(of)).Count()
		}
	}
	for i, slots := range count {
		if slots > count[shard] {
			shard = i
		}
	}
	return shard
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

// Server asks the nodes what they run; the first that answers counts.
func (c *Cluster) Server(ctx context.Context) (results.Server, error) {
	var last error
	for _, n := range c.PresentNodes() {
		cl := c.Client(n, commandTimeout)
		text, err := cl.Info(ctx, "server").Result()
		cl.Close()
		if s := results.ServerOfInfo(text); err == nil && s.Version != "" {
			return s, nil
		}
		last = fmt.Errorf("asking %s for its version: %w", n.Name, err)
	}
	return results.Server{}, last
}

// maxLag is how many bytes a replica may stand behind and still follow: load is
// always under way between two looks.
const maxLag = 4 << 20

// AwaitWhole waits until the cluster is whole: every node answers, says ok, and
// sees all others without a failure flag; every slot is served; every replica's
// link is up and its offset follows that of the primary that it has now, whichever
// that is. If ctx ends first, the error says what is missing.
//
// cluster_state:ok alone comes seconds before the replicas have synchronised,
// and a replica that never has cannot fail over.
func (c *Cluster) AwaitWhole(ctx context.Context) error {
	clients, end := c.clients()
	defer end()
	return c.await(ctx, func() error { return c.whole(ctx, clients) })
}

func (c *Cluster) whole(ctx context.Context, clients []*redis.Client) error {
	views, errs := c.askAll(ctx, clients)
	for i, n := range c.Nodes {
		if errors.Is(errs[i], errAbsent) {
			continue
		}
		if errs[i] != nil {
			return fmt.Errorf("%s does not answer: %w", n.Name, errs[i])
		}
		if err := c.agrees(n, views[i]); err != nil {
			return err
		}
	}
	return c.followed(views)
}

// agrees reports whether a node sees a whole cluster. That its state is fail follows from
// the others, and is said where none of them does.
func (c *Cluster) agrees(n Node, v View) error {
	served := 0
	for _, m := range v.Members {
		switch {
		case m.Fail || m.PFail:
			return fmt.Errorf("%s still sees %s as failing", n.Name, c.NameOf(m.ID))
		case !m.Self && !m.Linked:
			return fmt.Errorf("%s has no bus link to %s", n.Name, c.NameOf(m.ID))
		case c.Hostnames && m.Hostname == "":
			return fmt.Errorf("%s does not know the host name of %s", n.Name, c.NameOf(m.ID))
		}
		for _, r := range m.Ranges {
			served += r[1] - r[0] + 1
		}
	}
	if all := len(c.PresentNodes()); len(v.Members) != all {
		return fmt.Errorf("%s knows %d of %d nodes", n.Name, len(v.Members), all)
	}
	if served < Slots {
		return fmt.Errorf("%s knows no node that serves %d of the slots", n.Name, Slots-served)
	}
	if !v.StateOK {
		return fmt.Errorf("%s says cluster_state:fail", n.Name)
	}
	return nil
}

// followed reports whether every replica follows a primary, and that one knows all of
// its replicas. The views are those of the nodes, in their order. A node's primary is the
// one that it says it has: replicas move between shards.
func (c *Cluster) followed(views []View) error {
	primaries := map[string]int{}
	for i, v := range views {
		if self := v.self(); self != nil && v.Primary {
			primaries[self.ID] = i
		}
	}
	replicas := map[int]int{}
	for i, v := range views {
		if v.Primary || len(v.Members) == 0 {
			continue
		}
		self := v.self()
		if self == nil || self.PrimaryID == "" {
			return fmt.Errorf("%s has no primary", c.Nodes[i].Name)
		}
		of, ok := primaries[self.PrimaryID]
		switch {
		case !ok:
			return fmt.Errorf("%s has %s as its primary, which is none", c.Nodes[i].Name, c.NameOf(self.PrimaryID))
		case !v.LinkUp:
			return fmt.Errorf("%s has not synchronised with its primary %s", c.Nodes[i].Name, c.Nodes[of].Name)
		case views[of].Offset-v.Offset > maxLag:
			return fmt.Errorf("%s is %d bytes behind its primary %s", c.Nodes[i].Name, views[of].Offset-v.Offset, c.Nodes[of].Name)
		}
		replicas[of]++
	}
	for i, v := range views {
		if v.Replicas < replicas[i] {
			return fmt.Errorf("%s has %d of %d replicas connected", c.Nodes[i].Name, v.Replicas, replicas[i])
		}
	}
	return nil
}
