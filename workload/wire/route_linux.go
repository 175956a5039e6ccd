package wire

import (
	"github.com/slotstorm/slotstorm/workload/resp"
)

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

// nodeOf is where a request belongs by its slot: for a read, a replica that is
// connected if there is one.
func (l *loop) nodeOf(f *flight) *node {
	if part := int(l.parts[f.slot]); f.read && part < len(l.replicas) {
		list := l.replicas[part]
		for range list {
			l.next++
			if n := l.nodes[list[l.next%len(list)]]; n.live > 0 {
				return n
			}
		}
	}
	return l.nodes[l.slots[f.slot]]
}

// dropAhead forgets requests that were drawn ahead and never begun.
func (l *loop) dropAhead() {
	for _, n := range l.nodes {
		for range n.queue.len() {
			f := *n.queue.front()
			l.hold = append(l.hold[:0], n.queue.bytes()...)
			n.queue.pop()
			if f.intended == undrawn {
				l.queued--
			} else {
				n.queue.push(&f, l.hold)
			}
		}
	}
}
