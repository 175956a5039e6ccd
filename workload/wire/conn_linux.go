package wire

import (
	"syscall"

	"github.com/slotstorm/slotstorm/workload/resp"
	"golang.org/x/sys/unix"
)

func (l *loop) newConn(n *node) *conn {
	c := &conn{
		fd: -1, index: int32(len(l.conns)), node: n, parser: resp.NewParser(l.cfg.Limits),
		// A place each for a request and its ASKING, and two for the greeting.
		out: newOutbox(2*l.cfg.Depth+2, 4<<10), in: make([]byte, 16<<10),
	}
	l.conns = append(l.conns, c)
	return c
}

// open starts to connect.
func (l *loop) open(c *conn) {
	l.stats.Dials++
	c.since = l.t
	c.gen++
	var err error
	from, plain := l.cfg.Dialer.Plain()
	if plain {
		c.fd, err = connect(from, c.node.ip)
	} else {
		c.fd, err = bridge(l.ctx, l.cfg, c.node.addr)
	}
	if err == nil {
		c.state = connecting
		// A bridge speaks up; a socket becomes writable.
		want := uint32(unix.EPOLLIN | unix.EPOLLOUT)
		if !plain {
			want = unix.EPOLLIN
		}
		err = l.poll.set(unix.EPOLL_CTL_ADD, c.fd, want, c.index, c.gen)
	}
	if err != nil {
		l.lost(c, ClassDial)
	}
}

// flush writes what waits, in one call.
func (l *loop) flush(c *conn) {
	c.dirty = false
	if c.fd < 0 || c.stuck || c.out.written == len(c.out.buf) {
		return
	}
	now := l.clock()
	mask := uint32(len(c.out.ring) - 1)
	for ; c.unsent != c.out.tail; c.unsent++ {
		if f := &c.out.ring[c.unsent&mask]; f.sent == 0 {
			f.sent = now
		}
	}
	n, errno := send(c.fd, c.out.buf[c.out.written:])
	l.stats.Writes++
	switch errno {
	case 0:
		c.out.written += n
	case syscall.EAGAIN, syscall.EINTR:
	default:
		// The connection is broken. What it still has to say, a refusal perhaps,
		// is in the receive buffer, and reading finds the end as well.
		l.watch(c, true)
		return
	}
	if stuck := c.out.written < len(c.out.buf); stuck != c.stuck {
		l.watch(c, stuck)
	}
}

// watch asks for EPOLLOUT, or no longer does.
func (l *loop) watch(c *conn, stuck bool) {
	c.stuck = stuck
	want := uint32(unix.EPOLLIN)
	if stuck {
		want |= unix.EPOLLOUT
	}
	if l.poll.set(unix.EPOLL_CTL_MOD, c.fd, want, c.index, c.gen) != nil {
		l.lost(c, ClassReset)
	}
}

// lost ends a connection, whatever it was doing, and settles what flew on it:
// a request of which nothing was written is routed anew, any other is unknown.
func (l *loop) lost(c *conn, class Class) {
	was := c.state
	if c.fd >= 0 {
		_ = unix.Close(c.fd) // takes it out of the epoll set as well
	}
	retired := c.retire
	c.fd, c.state, c.tried, c.stuck, c.retire = -1, down, true, false, false
	c.gen++
	c.retry = l.t + c.backoff
	c.backoff = min(max(2*c.backoff, firstBackoff), lastBackoff)
	c.from, c.to = 0, 0
	c.parser.Reset()
	n := c.node
	if was == live {
		n.live--
		if !retired { // else its room is gone already
			l.room -= l.cfg.Depth - c.users
		}
	}
	if n.fill == c {
		n.fill = nil
	}
	l.settle(c, class)
	if was != live && n.live == 0 {
		n.down, n.why = true, class
	}
	l.routeAgain(class)
	if n.down && !l.closedLoop {
		l.failQueue(n, l.t+1)
	}
	if class != NoError { // else the driver itself closed it
		l.stale(l.t)
		if was == live {
			l.stats.Lost++
		}
	}
}

// settle takes all flights off a connection that is closed: those of which
// nothing was written go to l.again, the others are unknown. Routing must not
// begin before: it may use any connection's outbox, and this one must be empty
// when it is used again.
func (l *loop) settle(c *conn, class Class) {
	again, at := &l.again, c.out.start
	again.clear()
	for ; c.out.len() > 0; c.out.pop() {
		f := c.out.front()
		unwritten := at >= c.out.written
		at += int(f.size)
		switch {
		case f.kind != request:
		case unwritten:
			again.push(f, c.out.bytes())
		default:
			l.end(f, Unknown, class, resp.Reply{}, l.t)
		}
	}
	c.users, c.unsent = 0, c.out.tail
}

// routeAgain routes the requests in l.again anew. One that was routed too often
// fails with class.
func (l *loop) routeAgain(class Class) {
	for again := &l.again; again.len() > 0; again.pop() {
		f := again.front()
		f.sent, f.since, f.hops = 0, 0, f.hops+1
		if f.hops > maxHops {
			l.end(f, Failed, class, resp.Reply{}, l.t)
			continue
		}
		l.hold = append(l.hold[:0], again.bytes()...)
		moved := *f
		l.route(l.nodeOf(&moved), &moved, l.hold)
		l.hurry = true
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
