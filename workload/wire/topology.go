package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// Bounds of the data that replies make the client keep. Redis advises against more than 1000
// nodes. Names of nodes that are gone are kept too, to recognize a shard that returns.
const (
	maxShards = 1024
	maxNames  = 1 << 16
)

// noShard marks a slot that no node is known to serve.
const noShard = 0xffff

// topology says which node serves which slot. It is never changed once made.
type topology struct {
	primaries []endpoint         // by shard; host is empty where a shard has none now
	replicas  [][]endpoint       // by shard; only with Config.ReadReplicas
	slots     [resp.Slots]uint16 // shard of each slot, or noShard
	members   map[string]int     // shard by node id and by address
	addrs     []string           // every node, to ask for the next topology
}

// endpoint is a node's address as the cluster names it, and where that is.
type endpoint struct {
	addr string         // host:port
	ip   netip.AddrPort // not valid if only the Dialer finds it
}

// control reads topologies, on its own goroutine and connections.
type control struct {
	cfg    *Config
	latest atomic.Pointer[topology]
	ask    chan struct{}
	turn   int
}

func newControl(cfg *Config) *control {
	return &control{cfg: cfg, ask: make(chan struct{}, 1)}
}

// refresh asks for a new topology soon; it does not block.
func (c *control) refresh() {
	select {
	case c.ask <- struct{}{}:
	default:
	}
}

// replicaLook is the time between two readings of a topology for its replicas.
const replicaLook = time.Second

// run reads the topology when asked, at most once in Config.Refresh. An attempt
// that fails is repeated. Where replicas are read it also looks for those that have
// come or gone.
func (c *control) run(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	var look <-chan time.Time
	if c.cfg.ReadReplicas {
		t := time.NewTicker(replicaLook)
		defer t.Stop()
		look = t.C
	}
	for {
		unasked := false
		select {
		case <-ctx.Done():
			return
		case <-c.ask:
		case <-look:
			unasked = true
		}
		if err := c.read(ctx, unasked); err != nil && !unasked {
			c.refresh()
		}
		pause.Reset(c.cfg.Refresh)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}

// read gets the topology from the first node that gives one, beginning with
// another node each time: one that is cut off must not be the only voice. Unasked it
// leaves a topology that is the same as before.
func (c *control) read(ctx context.Context, unasked bool) error {
	addrs := slices.Clone(c.cfg.Addrs)
	old := c.latest.Load()
	if old != nil {
		addrs = slices.Clone(old.addrs)
		for _, a := range c.cfg.Addrs {
			if !slices.Contains(addrs, a) {
				addrs = append(addrs, a)
			}
		}
	}
	var errs []error
	for i := range addrs {
		addr := addrs[(c.turn+i)%len(addrs)]
		t, err := c.readFrom(ctx, addr, old)
		if err == nil {
			c.turn += i + 1
			if !unasked || !t.equal(old) {
				c.latest.Store(t)
			}
			return nil
		}
		errs = append(errs, fmt.Errorf("wire: topology from %s: %w", addr, err))
	}
	c.turn++
	return errors.Join(errs...)
}

func (c *control) readFrom(ctx context.Context, addr string, old *topology) (*topology, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	conn, err := c.cfg.Dialer.Dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	rd := &replyReader{in: conn, parser: resp.NewParser(c.cfg.Limits)}
	if hello := handshake(nil, c.cfg); len(hello) > 0 {
		if _, err := rd.call(conn, hello); err != nil {
			return nil, err
		}
	}
	if !c.cfg.Cluster {
		if _, err := rd.call(conn, resp.AppendCommandString(nil, "PING")); err != nil {
			return nil, err
		}
		return c.single(ctx, addr)
	}
	v, err := rd.call(conn, resp.AppendCommandString(nil, "CLUSTER", "SLOTS"))
	if err != nil {
		return nil, err
	}
	return c.parse(ctx, v, addr, old)
}

// single is the topology of a server without a cluster.
func (c *control) single(ctx context.Context, addr string) (*topology, error) {
	e, err := c.resolve(ctx, addr)
	if err != nil {
		return nil, err
	}
	return &topology{primaries: []endpoint{e}, members: map[string]int{addr: 0}, addrs: []string{addr}}, nil
}

// parse makes a topology of the reply to CLUSTER SLOTS: for each range its first
// and last slot and its nodes, the primary first, each with host, port and id.
func (c *control) parse(ctx context.Context, v resp.Value, asked string, old *topology) (*topology, error) {
	t := newTopology(old)
	ranges := v.List
	if len(ranges) > resp.Slots {
		return nil, fmt.Errorf("the reply to CLUSTER SLOTS has %d ranges for %d slots", len(ranges), resp.Slots)
	}
	served := int64(0)
	slices.SortFunc(ranges, func(a, b resp.Value) int {
		if len(a.List) == 0 || len(b.List) == 0 {
			return len(a.List) - len(b.List)
		}
		return int(a.List[0].Num - b.List[0].Num)
	})
	for _, r := range ranges {
		if len(r.List) < 3 || r.List[0].Num < 0 || r.List[1].Num >= resp.Slots {
			return nil, errors.New("malformed reply to CLUSTER SLOTS")
		}
		if served += max(r.List[1].Num-r.List[0].Num+1, 0); served > resp.Slots {
			return nil, errors.New("the reply to CLUSTER SLOTS has slots twice")
		}
		keys, err := t.addNodes(r.List[2:], asked)
		if err != nil {
			return nil, err
		}
		shard := t.shardOf(keys)
		for _, k := range keys {
			t.members[k] = shard
		}
		if len(t.primaries) > maxShards || len(t.members) > maxNames {
			return nil, fmt.Errorf("CLUSTER SLOTS named %d shards and %d nodes by now: more than %d or %d", len(t.primaries), len(t.members), maxShards, maxNames)
		}
		if t.primaries[shard].addr != keys[1] {
			// A name that does not resolve leaves this one shard without an
			// address to dial; the others are as good as before.
			t.primaries[shard], _ = c.resolve(ctx, keys[1])
		}
		if c.cfg.ReadReplicas {
			c.addReplicas(ctx, t, shard, keys)
		}
		for s := r.List[0].Num; s <= r.List[1].Num; s++ {
			t.slots[s] = uint16(shard)
		}
	}
	if len(t.addrs) == 0 {
		return nil, errors.New("the node serves no slots and knows of none")
	}
	for _, list := range t.replicas {
		slices.SortFunc(list, func(a, b endpoint) int { return strings.Compare(a.addr, b.addr) })
	}
	slices.Sort(t.addrs)
	t.addrs = slices.Compact(t.addrs)
	return t, nil
}

// equal reports whether two topologies have the same nodes in the same parts.
func (t *topology) equal(o *topology) bool {
	return o != nil && slices.Equal(t.primaries, o.primaries) && slices.EqualFunc(t.replicas, o.replicas, slices.Equal) && t.slots == o.slots
}

// newTopology is a topology in which no slot is served yet. It knows the shards
// of the one before, if any, so that they keep their numbers.
func newTopology(old *topology) *topology {
	t := &topology{members: map[string]int{}}
	for i := range t.slots {
		t.slots[i] = noShard
	}
	if old != nil {
		t.primaries = make([]endpoint, len(old.primaries))
		for k, shard := range old.members {
			t.members[k] = shard
		}
	}
	return t
}

// addNodes adds the addresses of a range's nodes and returns the names by which
// their shard is known: id and address of each node in turn. A node without a
// host is the one that was asked.
func (t *topology) addNodes(nodes []resp.Value, asked string) (keys []string, err error) {
	for i, n := range nodes {
		if len(n.List) < 3 {
			return nil, errors.New("malformed node in the reply to CLUSTER SLOTS")
		}
		host := n.List[0].Text
		if host == "" || host == "?" {
			host, _, _ = net.SplitHostPort(asked)
		}
		addr := net.JoinHostPort(host, strconv.FormatInt(n.List[1].Num, 10))
		// The id first: an address may pass from one shard to another.
		keys = append(keys, n.List[2].Text, addr)
		if i == 0 {
			t.addrs = slices.Insert(t.addrs, 0, addr)
		} else {
			t.addrs = append(t.addrs, addr)
		}
	}
	return keys, nil
}

// addReplicas notes the replicas among a range's nodes, each once.
func (c *control) addReplicas(ctx context.Context, t *topology, shard int, keys []string) {
	for shard >= len(t.replicas) {
		t.replicas = append(t.replicas, nil)
	}
	for i := 3; i < len(keys); i += 2 {
		known := slices.ContainsFunc(t.replicas[shard], func(e endpoint) bool { return e.addr == keys[i] })
		// One whose name does not resolve is left out: others can answer.
		if e, err := c.resolve(ctx, keys[i]); err == nil && !known {
			t.replicas[shard] = append(t.replicas[shard], e)
		}
	}
}

// shardOf finds the shard that any of these nodes belongs to, or adds one.
func (t *topology) shardOf(keys []string) int {
	for _, start := range []int{0, 1} {
		for i := start; i < len(keys); i += 2 {
			if shard, ok := t.members[keys[i]]; ok {
				return shard
			}
		}
	}
	t.primaries = append(t.primaries, endpoint{})
	return len(t.primaries) - 1
}

// resolve finds the IP address behind host:port, unless the Dialer does that.
func (c *control) resolve(ctx context.Context, addr string) (endpoint, error) {
	e := endpoint{addr: addr}
	if _, plain := c.cfg.Dialer.Plain(); !plain {
		return e, nil
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return e, err
	}
	p, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return e, fmt.Errorf("port of %s: %w", addr, err)
	}
	ip, err := c.cfg.Dialer.Resolve(ctx, host)
	if err != nil {
		return e, err
	}
	e.ip = netip.AddrPortFrom(ip, uint16(p))
	return e, nil
}

// handshake appends the command that opens a connection, if one is needed.
func handshake(dst []byte, cfg *Config) []byte {
	security := cfg.Dialer.Security()
	user, password := security.Username, security.Password
	switch {
	case cfg.Protocol == 3 && password != "":
		if user == "" {
			user = "default"
		}
		return resp.AppendCommandString(dst, "HELLO", "3", "AUTH", user, password)
	case cfg.Protocol == 3:
		return resp.AppendCommandString(dst, "HELLO", "3")
	case password == "":
		return dst
	case user == "":
		return resp.AppendCommandString(dst, "AUTH", password)
	}
	return resp.AppendCommandString(dst, "AUTH", user, password)
}

// replyReader reads whole replies from a blocking connection.
type replyReader struct {
	in     io.Reader
	parser resp.Parser
	buf    []byte
}

// call sends a command and returns its reply; an error reply is an error.
func (r *replyReader) call(conn net.Conn, cmd []byte) (resp.Value, error) {
	if _, err := conn.Write(cmd); err != nil {
		return resp.Value{}, err
	}
	for {
		reply, n, err := r.parser.Next(r.buf)
		if err != nil {
			return resp.Value{}, err
		}
		if n > 0 {
			v, err := resp.Decode(reply)
			r.buf = r.buf[n:]
			if err == nil && v.Kind == resp.Error {
				err = errors.New(v.Text)
			}
			return v, err
		}
		var chunk [4096]byte
		k, err := r.in.Read(chunk[:])
		if err != nil {
			return resp.Value{}, err
		}
		r.buf = append(r.buf, chunk[:k]...)
	}
}
