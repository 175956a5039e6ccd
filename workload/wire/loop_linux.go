package wire

import (
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
	"golang.org/x/sys/unix"
)

// connectAll takes the loop to where all connections stand or have failed, or
// to the deadline.
func (l *loop) connectAll(deadline int64) {
	l.apply(l.control.latest.Load())
	for l.clock() < deadline && !l.stop.Load() {
		ready := true
		for _, c := range l.conns {
			ready = ready && c.tried
		}
		if ready {
			return
		}
		l.turn(false)
	}
}

// run drives the load until it is over and every request has ended.
func (l *loop) run() {
	l.cpu = threadCPU()
	l.more = true
	if !l.closedLoop {
		l.advance()
	}
	for l.closedLoop && l.clock() < l.start && !l.stop.Load() {
		l.turn(false)
	}
	for l.more || l.inflight > 0 || l.queued > 0 {
		l.turn(true)
	}
	l.lastDone = l.t - l.start
	l.account(l.sec)
	l.rec.finish()
}

// close gives back what the kernel holds.
func (l *loop) close() {
	for _, c := range l.conns {
		if c.fd >= 0 {
			_ = unix.Close(c.fd)
		}
	}
	_ = unix.Close(l.poll.fd)
}

// turn is one round: draw, flush, wait, read.
func (l *loop) turn(drawing bool) {
	if l.control.latest.Load() != l.known {
		l.apply(l.control.latest.Load())
	}
	if l.queued > 0 {
		for _, n := range l.nodes {
			l.drain(n)
		}
	}
	if drawing && l.more {
		if l.closedLoop {
			l.drawClosed()
		} else {
			l.drawOpen()
		}
	}
	l.hurry = false
	l.flushAll()
	now := l.clock()
	if now >= l.tick {
		l.runTick(now, drawing)
	}
	until := l.deadline(now, drawing)
	d := time.Duration(max(until-now, 0))
	events := l.poll.wait(d, !l.idle || d < shortWait)
	l.stats.Waits++
	if len(events) < eventsAtOnce {
		l.seen = now
	}
	if l.idle = len(events) == 0; l.idle {
		if late := l.clock() - until; late > 0 && d > 0 && drawing {
			l.rec.of(l.t - l.start).Wake.record(late)
		}
		return
	}
	for i := range events {
		e := &events[i]
		if c := l.conns[e.Fd]; c.gen == e.Pad {
			l.event(c, e.Events)
		}
	}
}

// deadline is when a turn must look at the clock again, whatever comes.
func (l *loop) deadline(now int64, drawing bool) int64 {
	if l.hurry {
		return now
	}
	until := l.tick
	if !l.idle {
		// Events come and turns look at the clock by themselves: the time-out is
		// for silence. A far one is cheaper, since the processor's timer need not
		// be set for it.
		until = max(until, now+int64(l.far))
	}
	switch {
	case drawing && l.more && !l.closedLoop:
		until = min(until, l.due-l.spin)
	case !drawing && now < l.start:
		until = min(until, l.start)
	}
	return until
}

// advance takes the next intended start from the pacer.
func (l *loop) advance() {
	ns, ok := l.pacer.Next()
	l.due, l.more = ns+l.start, ok
}

// drawOpen draws what is due.
func (l *loop) drawOpen() {
	for range drawAtOnce {
		if !l.more || l.due > l.t {
			return
		}
		f := flight{intended: l.due}
		if !l.draw(&f, l.due-l.start) {
			return
		}
		if l.inflight >= l.limit || l.cfg.GiveUp > 0 && l.t-l.start > int64(l.cfg.GiveUp) {
			l.overflow(&f)
		} else {
			l.begin(&f)
			l.route(l.nodeOf(&f), &f, l.draft)
		}
		l.advance()
	}
	l.hurry = l.more && l.due <= l.t
}

// drawClosed fills every place on every connection. A request whose node has no
// place free is drawn ahead: it waits for one, unbegun, so that keys keep their
// distribution and other nodes are kept busy meanwhile.
func (l *loop) drawClosed() {
	if l.clients > 0 {
		l.drawShared()
		return
	}
	ahead := 2 * l.share * l.cfg.Depth * len(l.nodes)
	for l.room > 0 && l.queued < ahead {
		f := flight{intended: undrawn}
		if !l.draw(&f, l.t-l.start) {
			return
		}
		l.route(l.nodeOf(&f), &f, l.draft)
	}
}

// drawShared draws a request for each client that has none under way.
func (l *loop) drawShared() {
	for range drawAtOnce {
		if l.inflight >= l.clients {
			return
		}
		f := flight{intended: l.t}
		if !l.draw(&f, l.t-l.start) {
			return
		}
		l.begin(&f)
		l.route(l.nodeOf(&f), &f, l.draft)
	}
}

// draw gets a request from the source; false is the end of them.
func (l *loop) draw(f *flight, intended int64) bool {
	b, r, more := l.source.Next(l.draft[:0], intended)
	if !more {
		l.more = false
		return false
	}
	l.draft = b
	f.tag, f.slot, f.command, f.replies = r.Tag, r.Slot%resp.Slots, r.Command, r.Replies
	f.wait, f.local, f.read, f.effect = r.Wait, r.Local, r.Read, r.Effect
	f.shard = l.shards[f.slot]
	return true
}
