package wire

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
	"golang.org/x/sys/unix"
)

const (
	// A turn draws at most this many requests before it looks for replies, so that
	// catching up after a stall does not blind it.
	drawAtOnce = 256
	// eventsAtOnce is how many connections one wait can tell of.
	eventsAtOnce = 256
	// longTick is the longest a loop goes without looking after timeouts,
	// reconnects, the end of a second and news of the topology.
	longTick = 10 * time.Millisecond
	// farTick is how much later it may do so once, when events cease.
	farTick = 100 * time.Millisecond
	// shortWait is what a silent loop waits without giving its P away: giving it
	// back may take longer.
	shortWait = 2 * time.Millisecond
)

// loop is one core's event loop. Everything in it belongs to one thread but for
// control, stop and what the recorder hands over.
type loop struct {
	cfg        *Config
	ctx        context.Context
	core       int
	control    *control
	stop       *atomic.Bool
	source     Source
	observer   Observer // the source, if it is one
	pacer      Pacer
	closedLoop bool
	share      int // connections to each node

	base  time.Time // of all times here
	start int64     // of the load
	t     int64     // the latest reading of the clock
	spin  int64
	tick  int64 // when the next one is due
	every int64
	far   time.Duration // how long the first wait of a silence may take

	poll   *epoll
	nodes  []*node // 0 is nowhere: slots that no node serves
	byAddr map[string]uint16
	// strangers counts the nodes that redirects have added since the last topology.
	strangers int
	conns     []*conn
	slots     [resp.Slots]uint16 // node by slot
	shards    [resp.Slots]uint16 // shard by slot, the last one known
	known     *topology
	// replicas of each shard, where reads go to them; next takes turns.
	replicas [][]uint16
	next     int
	retire   []retirement

	rec      *recorder
	stats    Stats
	reported Stats         // what seconds that are over have
	cpu      time.Duration // the thread's when the load started
	sec      int           // the second of the last tick
	missed   int64         // when a script was last told to be missing
	asked    int64         // when the topology was last asked for

	limit    int // requests in flight, in an open loop
	clients  int // requests in flight, in a closed loop of shared connections; 0 is another
	inflight int // requests begun and not ended
	queued   int // requests in nodes' queues
	room     int // places on live connections
	due      int64
	more     bool  // there may be more requests
	hurry    bool  // there is something to flush that the last turn left
	seen     int64 // all that had come by then has been read
	idle     bool  // the last wait brought nothing
	lastDone int64

	draft []byte // the request being drawn
	hold  []byte // a request on its way from one buffer to another
	name  []byte
	again outbox
}

func (l *loop) clock() int64 {
	l.t = int64(time.Since(l.base))
	return l.t
}

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
	if drawing && l.more && !l.closedLoop {
		until = min(until, l.due-l.spin)
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
	f.wait, f.local, f.read = r.Wait, r.Local, r.Read
	f.shard = l.shards[f.slot]
	return true
}

// begin counts a request in from its intended start on.
func (l *loop) begin(f *flight) {
	s := l.rec.of(f.intended - l.start)
	f.sec = int32(s.Seq)
	s.pending++
	l.inflight++
	s.InFlightMax = max(s.InFlightMax, l.inflight)
}

// end counts a request out; now is when its outcome was settled.
func (l *loop) end(f *flight, o Outcome, class Class, r resp.Reply, now int64) {
	s := l.rec.at(int(f.sec))
	s.pending--
	l.inflight--
	cell := s.cell(int(f.shard), int(f.command), l.rec.commands)
	cell.count(o)
	if o == OK {
		cell.Response.record(now - f.intended)
		cell.Service.record(now - f.sent)
		cell.Slip.record(f.sent - f.intended - f.queued)
		l.rec.of(now-l.start).Completed++
	} else {
		s.Errors[class]++
		if class.stale() {
			l.stale(now)
		} else if class == ClassNoScript && l.cfg.OnNoScript != nil && now-l.missed >= int64(longTick) {
			l.missed = now
			l.cfg.OnNoScript()
		}
	}
	if f.tag != 0 {
		l.note(s, f, o, class, r, now)
	}
}

// overflow counts a request that was due and found no room.
func (l *loop) overflow(f *flight) {
	s := l.rec.of(f.intended - l.start)
	s.cell(int(f.shard), int(f.command), l.rec.commands).Overflow++
	s.Errors[ClassOverflow]++
	if f.tag != 0 {
		l.note(s, f, Overflow, ClassOverflow, resp.Reply{}, l.t)
	}
}

// note writes a tagged request into its second and tells the observer.
func (l *loop) note(s *Second, f *flight, o Outcome, class Class, r resp.Reply, now int64) {
	e := Entry{Tag: f.tag, Intended: f.intended - l.start, Done: now - l.start,
		Shard: f.shard, Command: f.command, Outcome: o, Class: class}
	if f.sent != 0 {
		e.Sent = f.sent - l.start
	}
	s.Entries = append(s.Entries, e)
	if l.observer != nil {
		l.observer.Observe(f.tag, o, r)
	}
}

// stale asks for a new topology, now and then.
func (l *loop) stale(now int64) {
	if now-l.asked >= int64(longTick) {
		l.asked = now
		l.control.refresh()
	}
}
