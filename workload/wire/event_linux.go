package wire

import (
	"bytes"
	"syscall"

	"github.com/slotstorm/slotstorm/workload/resp"
	"golang.org/x/sys/unix"
)

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

// up puts a connection to work.
func (l *loop) up(c *conn) {
	c.state, c.tried = live, true
	c.node.live++
	c.node.down = false
	l.room += l.cfg.Depth
	l.offer(c)
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
		c.out.pop() // refused or not, the next reply decides
		return NoError
	}
	class := NoError
	if r.Kind == resp.Error {
		class = classOf(r.Prefix())
	}
	outcome := OK
	if f.replies > 1 {
		if f.several(r, class); f.got < f.replies {
			return NoError
		}
		if class = f.class; class != NoError {
			outcome = Unknown
			if f.fate&refused != 0 {
				outcome = Failed
			}
		} else if f.wait|f.local != 0 && !copied(r, f) {
			outcome, class = Unknown, ClassUnreplicated
		}
	} else if class != NoError {
		outcome = Unknown
		if f.effect.Refused(r.Prefix()) {
			outcome = Failed
		}
		if class <= ClassAsk && l.redirect(c, f, r, class) {
			return NoError
		}
	}
	if f.read && outcome == OK {
		l.answered(f, c.node.replica)
	}
	l.end(f, outcome, class, r, now)
	l.leave(c)
	return NoError
}

// several takes one of several replies in; class is that of an error reply.
func (f *flight) several(r resp.Reply, class Class) {
	f.got++
	bad := class != NoError
	last := f.replies // of the commands, before that of WAIT
	if f.wait|f.local != 0 {
		last--
	}
	switch {
	case f.effect != resp.Transaction:
		if bad && f.got == 1 && f.effect.Refused(r.Prefix()) {
			f.fate |= refused
		}
	case bad && f.got == 1:
		f.fate |= loose
	case f.got < last:
		if !bad && f.fate&loose != 0 {
			f.fate |= acted
		}
	case f.got == last && bad:
		if class == ClassExecAbort || f.fate == loose || f.fate&loose == 0 && f.effect.Refused(r.Prefix()) {
			f.fate |= refused
		}
	case f.got == last:
		if inner := r.Inner(); inner.Kind == resp.Error {
			class = classOf(inner.Prefix())
		}
	}
	if f.class == NoError {
		f.class = class
	}
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
	moved.ask, moved.since = to.Ask, 0
	if !l.numbered {
		moved.shard = n.shard
	}
	l.hold = append(l.hold[:0], c.out.bytes()...)
	l.leave(c)
	l.route(n, &moved, l.hold)
	return true
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

// copied reports whether the reply to WAIT or WAITAOF counts as many copies as
// the request needs.
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

var readonlyCommand = []byte("*1\r\n$8\r\nREADONLY\r\n")
