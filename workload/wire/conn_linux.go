package wire

import (
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
	"golang.org/x/sys/unix"
)

type connState uint8

const (
	down       connState = iota // to be connected at retry
	connecting                  // until deadline
	greeting                    // HELLO or AUTH under way
	live
)

// conn is one connection. It keeps its place, index, for as long as its node is
// known; the descriptor and what flies on it change.
type conn struct {
	fd     int
	index  int32
	gen    int32 // tells events of an earlier descriptor
	state  connState
	tried  bool // has been live or has failed, once
	dirty  bool // has bytes to flush, and is on its node's list
	listed bool // is in its node's free list
	stuck  bool // the kernel's buffer is full; EPOLLOUT will tell
	retire bool // gets no more requests, and ends when it has its answers

	node     *node
	out      outbox
	unsent   uint32 // first flight that has no send time yet
	users    int    // requests under way
	parser   resp.Parser
	in       []byte
	from, to int // unparsed bytes of in

	since   int64 // start of connecting
	retry   int64
	backoff int64
}

const (
	firstBackoff = int64(10 * time.Millisecond)
	lastBackoff  = int64(200 * time.Millisecond)
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

// connectEvent goes on after the kernel said how connecting went.
func (l *loop) connectEvent(c *conn) {
	if _, plain := l.cfg.Dialer.Plain(); !plain {
		var up [1]byte
		if n, _ := receive(c.fd, up[:]); n != 1 || up[0] != bridgeUp {
			l.lost(c, ClassDial)
			return
		}
	} else if connected(c.fd) != nil || l.poll.set(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN, c.index, c.gen) != nil {
		l.lost(c, ClassDial)
		return
	}
	if l.hold = handshake(l.hold[:0], l.cfg); len(l.hold) > 0 {
		c.out.push(&flight{kind: hello, since: l.t}, l.hold)
	}
	if c.node.replica {
		c.out.push(&flight{kind: hello, since: l.t}, readonlyCommand)
	}
	if c.out.len() == 0 {
		l.up(c)
		return
	}
	c.state = greeting
	l.flush(c)
}

// up puts a connection to work.
func (l *loop) up(c *conn) {
	c.state, c.tried = live, true
	c.node.live++
	c.node.down = false
	l.room += l.cfg.Depth
	l.offer(c)
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

// event handles what epoll said of a connection.
func (l *loop) event(c *conn, what uint32) {
	if c.state == connecting {
		l.connectEvent(c)
		return
	}
	gen := c.gen
	if what&^uint32(unix.EPOLLOUT) != 0 {
		l.read(c)
	}
	if what&unix.EPOLLOUT != 0 && c.gen == gen && c.fd >= 0 && c.stuck {
		c.stuck = false
		l.flush(c)
		if c.fd >= 0 && !c.stuck {
			l.watch(c, false)
		}
	}
}

// read takes what has come, in one call, and handles each complete reply. The
// time is taken after the call: not one of these replies was here later.
func (l *loop) read(c *conn) {
	n, errno := receive(c.fd, c.in[c.to:])
	l.stats.Reads++
	now := l.clock()
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
		return
	case errno != 0:
		l.lost(c, ClassReset)
		return
	case n == 0:
		l.lost(c, ClassEOF)
		return
	}
	c.to += n
	gen := c.gen
	for c.from < c.to {
		r, size, err := c.parser.Next(c.in[c.from:c.to])
		if err != nil {
			l.lost(c, ClassProtocol)
			return
		}
		if size == 0 {
			break
		}
		c.from += size
		if class := l.reply(c, r, now); class != NoError {
			l.lost(c, class)
			return
		}
		if c.gen != gen || c.fd < 0 {
			return
		}
	}
	switch {
	case c.from == c.to:
		c.from, c.to = 0, 0
	case c.to == len(c.in) && c.from > 0:
		c.to = copy(c.in, c.in[c.from:c.to])
		c.from = 0
	}
	if c.to == len(c.in) {
		// One reply fills it all. The parser bounds how far this goes.
		c.in = append(c.in, make([]byte, len(c.in))...)
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
	// The flights are taken out first: routing may use any connection's outbox,
	// and this one's must be empty when it is used again.
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
	if was != live && n.live == 0 {
		n.down, n.why = true, class
	}
	for ; again.len() > 0; again.pop() {
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
	if n.down && !l.closedLoop {
		l.failQueue(n, l.t+1)
	}
	if class != NoError { // else the driver itself let it go
		l.stale(l.t)
		if was == live {
			l.stats.Lost++
		}
	}
}
