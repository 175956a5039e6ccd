package wire

import (
	"bytes"
	"net/netip"
	"strconv"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
)

const (
	// maxHops is how often a request is redirected or routed anew.
	maxHops = 5
	// patience is how long a closed loop's request waits for a node that cannot
	// be reached, before it fails and another is drawn.
	patience = int64(100 * time.Millisecond)
	// maxNodes bounds the nodes that a loop ever knows, and maxStrangers those that
	// redirects name before the next topology.
	maxNodes, maxStrangers = 4096, 64
)

// node is one Redis process, as one loop sees it.
type node struct {
	index  uint16
	addr   string
	ip     netip.AddrPort
	shard  uint16
	active bool // serves slots, so its connections are kept up
	down   bool // the last attempt failed and no connection is left
	// replica has its connections read-only; reads go there.
	replica bool
	why     Class

	conns []*conn
	live  int
	fill  *conn   // gets requests until it is full or flushed
	free  []*conn // have room, first in first out; a ring of len(conns)
	first int
	count int
	dirty []*conn
	queue outbox // requests that wait for room
}

// offer puts a connection that has room on its node's free list.
func (l *loop) offer(c *conn) {
	n := c.node
	if c.listed || c.state != live || c.retire || n.fill == c {
		return
	}
	c.listed = true
	i := n.first + n.count
	if i >= len(n.free) {
		i -= len(n.free)
	}
	n.free[i] = c
	n.count++
}

// pick finds a connection with room, nil if there is none. It fills one before
// it takes the next: fewer, longer writes.
func (l *loop) pick(n *node) *conn {
	if c := n.fill; c != nil && c.users < l.cfg.Depth && !c.retire {
		return c
	}
	for n.count > 0 {
		c := n.free[n.first]
		if n.first++; n.first == len(n.free) {
			n.first = 0
		}
		n.count--
		c.listed = false
		if c.state == live && c.users < l.cfg.Depth && !c.retire {
			n.fill = c
			return c
		}
	}
	return nil
}

// route sends a request on its way to a node: to a connection, or to the queue,
// or, where an open loop's node is down, to its end.
func (l *loop) route(n *node, f *flight, b []byte) {
	if n.queue.len() == 0 {
		if c := l.pick(n); c != nil {
			l.assign(c, f, b)
			return
		}
	}
	if n.down && !l.closedLoop {
		l.end(f, Failed, n.why, resp.Reply{}, l.t)
		return
	}
	if f.since == 0 {
		f.since = l.t // routed anew, it has waited since then
	}
	l.queued++
	n.queue.push(f, b)
}

// assign gives a request to a connection.
func (l *loop) assign(c *conn, f *flight, b []byte) {
	if f.since != 0 && f.sent == 0 && f.intended != undrawn {
		f.queued += l.t - f.since // it comes from a queue
	}
	f.since = l.t
	if f.intended == undrawn {
		f.intended = l.t
		l.begin(f)
	}
	if f.ask {
		f.ask = false
		c.out.push(&flight{kind: asking, since: l.t}, askingCommand)
	}
	c.out.push(f, b)
	c.users++
	l.room--
	if !c.dirty {
		c.dirty = true
		c.node.dirty = append(c.node.dirty, c)
	}
}

var readonlyCommand = []byte("*1\r\n$8\r\nREADONLY\r\n")

var askingCommand = []byte("*1\r\n$6\r\nASKING\r\n")

// drain moves waiting requests to connections that have fallen free.
func (l *loop) drain(n *node) {
	for n.queue.len() > 0 {
		c := l.pick(n)
		if c == nil {
			return
		}
		f := *n.queue.front()
		b := n.queue.bytes()
		n.queue.pop()
		l.queued--
		l.assign(c, &f, b)
	}
}

// failQueue ends the requests of a queue that have waited since before limit.
func (l *loop) failQueue(n *node, limit int64) {
	for n.queue.len() > 0 && n.queue.front().since < limit {
		f := *n.queue.front()
		n.queue.pop()
		l.queued--
		if f.intended == undrawn {
			f.intended = l.t
			l.begin(&f)
		}
		class := ClassWait
		if n.down {
			class = n.why
		}
		l.end(&f, Failed, class, resp.Reply{}, l.t)
	}
}

// flushAll writes what this turn put into buffers, node by node, so that a
// server finds its requests together when it wakes.
func (l *loop) flushAll() {
	for _, n := range l.nodes {
		for i := 0; i < len(n.dirty); i++ {
			c := n.dirty[i]
			l.flush(c)
			if n.fill == c {
				n.fill = nil
			}
			if c.users < l.cfg.Depth {
				l.offer(c)
			}
		}
		n.dirty = n.dirty[:0]
	}
}

// reply handles one reply; the class it returns, if any, ends the connection.
func (l *loop) reply(c *conn, r resp.Reply, now int64) Class {
	if r.Kind == resp.Push {
		return NoError // a message of the server's own, no answer
	}
	if c.out.len() == 0 {
		return ClassProtocol
	}
	c.backoff = 0
	f := c.out.front()
	switch f.kind {
	case hello:
		if r.Kind == resp.Error {
			return ClassHandshake
		}
		if c.out.pop(); c.out.len() == 0 {
			l.up(c)
		}
		return NoError
	case asking:
		c.out.pop() // refused or not, the next reply tells
		return NoError
	}
	class := NoError
	if r.Kind == resp.Error {
		class = classOf(r.Prefix())
	}
	outcome := OK
	if f.replies > 1 {
		f.got++
		if class != NoError && f.class == NoError {
			f.class, f.first = class, f.got == 1
		}
		if f.got < f.replies {
			return NoError
		}
		if f.class != NoError {
			outcome = Unknown
			if f.first || class == ClassExecAbort {
				outcome = Failed
			}
			class = f.class
		} else if f.wait|f.local != 0 && !copied(r, f) {
			outcome, class = Unknown, ClassUnreplicated
		}
	} else if class != NoError {
		outcome = Failed
		if class <= ClassAsk && l.redirect(c, f, r, class) {
			return NoError
		}
	}
	l.end(f, outcome, class, r, now)
	l.leave(c)
	return NoError
}

// leave takes the first request off a connection.
func (l *loop) leave(c *conn) {
	c.out.pop()
	c.users--
	if c.retire {
		if c.out.len() == 0 {
			l.renew(c)
		}
		return
	}
	l.room++
	l.offer(c)
}

// copied tells whether the reply to WAIT, or to WAITAOF, is what was asked for.
func copied(r resp.Reply, f *flight) bool {
	if r.Kind != resp.Array {
		return r.Kind == resp.Int && r.Num >= int64(f.wait)
	}
	// Two integers follow the header: *2, :LOCAL, :REPLICAS.
	_, rest, _ := bytes.Cut(r.Body, []byte(":"))
	local, rest, _ := bytes.Cut(rest, []byte("\r\n:"))
	replicas, _, _ := bytes.Cut(rest, []byte("\r"))
	return decimal(local) >= int64(f.local) && decimal(replicas) >= int64(f.wait)
}

// decimal reads a small number; what is none is -1.
func decimal(b []byte) int64 {
	if len(b) == 0 || len(b) > 9 {
		return -1
	}
	n := int64(0)
	for _, d := range b {
		if d < '0' || d > '9' {
			return -1
		}
		n = 10*n + int64(d-'0')
	}
	return n
}

// redirect follows MOVED or ASK; false means that it cannot.
func (l *loop) redirect(c *conn, f *flight, r resp.Reply, class Class) bool {
	if class == ClassMoved {
		l.stats.Moved++
	} else {
		l.stats.Asked++
	}
	to, ok := resp.ParseRedirect(r.Body)
	if !ok {
		return false
	}
	n := l.nodeAt(to, c.node)
	if n == nil {
		l.stale(l.t)
		return false
	}
	moved := *f
	if class == ClassMoved {
		// One slot is known better now; the rest of the news is on its way.
		l.slots[to.Slot] = n.index
		l.stale(l.t)
	}
	if moved.hops++; moved.hops > maxHops {
		return false
	}
	moved.ask, moved.shard, moved.since = to.Ask, n.shard, 0
	l.hold = append(l.hold[:0], c.out.bytes()...)
	l.leave(c)
	l.route(n, &moved, l.hold)
	return true
}

// nodeAt finds the node that a redirect names, adding it if its address needs
// no look-up and there are not too many; else nil.
func (l *loop) nodeAt(to resp.Redirect, from *node) *node {
	host := to.Host
	if len(host) == 0 {
		host = from.host()
	}
	l.name = append(l.name[:0], host...)
	if bytes.IndexByte(host, ':') >= 0 {
		l.name = append(append(append(l.name[:0], '['), host...), ']')
	}
	l.name = strconv.AppendUint(append(l.name, ':'), uint64(to.Port), 10)
	if i, ok := l.byAddr[string(l.name)]; ok {
		n := l.nodes[i]
		l.activate(n)
		return n
	}
	ip, err := netip.ParseAddr(string(host))
	if _, plain := l.cfg.Dialer.Plain(); plain && err != nil {
		return nil
	}
	if l.strangers >= maxStrangers || len(l.nodes) >= maxNodes {
		return nil
	}
	l.strangers++
	n := l.addNode(endpoint{addr: string(l.name), ip: netip.AddrPortFrom(ip.Unmap(), to.Port)}, from.shard)
	l.activate(n)
	return n
}
