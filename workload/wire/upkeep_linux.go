package wire

import (
	"net"
)

// runTick looks after all that is not a request: requests that are too old,
// connections to make and to give up, seconds that are over, the end.
func (l *loop) runTick(now int64, drawing bool) {
	l.tick = now + l.every
	if l.stop.Load() {
		l.more = false
		l.dropAhead()
	}
	if drawing {
		l.retireDue(now)
	}
	timeout := int64(l.cfg.Timeout)
	for _, n := range l.nodes {
		wait := timeout
		if n.down && l.closedLoop {
			wait = min(wait, patience)
		}
		l.failQueue(n, now-wait)
		for _, c := range n.conns {
			switch c.state {
			case down:
				if n.active && now >= c.retry {
					l.open(c)
				}
			case connecting:
				if l.seen-c.since > timeout {
					l.lost(c, ClassDial)
				}
			default:
				switch {
				case c.out.len() > 0 && l.seen-c.out.front().since > timeout:
					// Not by the clock alone: if this loop was held up, the reply may
					// lie here unread.
					l.lost(c, ClassTimeout)
				case !n.active && c.out.len() == 0 && n.queue.len() == 0:
					l.lost(c, NoError)
				}
			}
		}
	}
	if !drawing {
		return
	}
	if sec := int((now - l.start) / second); sec > l.sec {
		l.account(l.sec)
		l.sec = sec
	}
	limit := l.sec
	if l.more && !l.closedLoop {
		limit = min(limit, int((l.due-l.start)/second))
	}
	l.rec.handOver(limit)
}

// account gives a second that has just ended what the loop did in it.
func (l *loop) account(sec int) {
	l.stats.CPU = threadCPU() - l.cpu
	s := l.rec.at(max(sec, l.rec.first))
	s.Stats = s.Stats.plus(l.stats.minus(l.reported))
	l.reported = l.stats
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

// apply takes over a topology.
func (l *loop) apply(t *topology) {
	l.known = t
	l.strangers = 0
	for _, n := range l.nodes {
		n.active = false
	}
	byShard := make([]uint16, len(t.primaries))
	for shard, e := range t.primaries {
		if e.addr == "" {
			continue
		}
		if n := l.member(e, uint16(shard), false); n != nil {
			byShard[shard] = n.index
		}
	}
	l.replicas = l.replicas[:0]
	for shard, list := range t.replicas {
		var known []uint16
		for _, e := range list {
			if n := l.member(e, uint16(shard), true); n != nil {
				known = append(known, n.index)
			}
		}
		l.replicas = append(l.replicas, known)
	}
	for slot, shard := range t.slots {
		if shard == noShard {
			l.slots[slot] = 0
			continue
		}
		l.slots[slot], l.shards[slot] = byShard[shard], shard
	}
	// What waits for a node may have to wait, or need no longer wait, elsewhere.
	for _, n := range l.nodes {
		for range n.queue.len() {
			f := *n.queue.front()
			l.hold = append(l.hold[:0], n.queue.bytes()...)
			n.queue.pop()
			l.queued--
			f.ask = false
			l.route(l.nodeOf(&f), &f, l.hold)
		}
	}
}

// member finds or adds a node of a topology and gives it its part there; nil if
// there are too many.
func (l *loop) member(e endpoint, shard uint16, replica bool) *node {
	i, ok := l.byAddr[e.addr]
	if !ok {
		if len(l.nodes) >= maxNodes {
			return nil
		}
		i = l.addNode(e, shard).index
	}
	n := l.nodes[i]
	n.ip, n.shard = e.ip, shard
	l.takePart(n, replica)
	l.activate(n)
	return n
}

// takePart makes a node a replica or a primary; connections that began as the
// other are made anew.
func (l *loop) takePart(n *node, replica bool) {
	if n.replica == replica {
		return
	}
	n.replica = replica
	for _, c := range n.conns {
		l.retireConn(c)
	}
}

// nodeOf is where a request belongs by its slot: for a read, a replica that is
// connected if there is one.
func (l *loop) nodeOf(f *flight) *node {
	if f.read && int(f.shard) < len(l.replicas) {
		list := l.replicas[f.shard]
		for range list {
			l.next++
			if n := l.nodes[list[l.next%len(list)]]; n.live > 0 {
				return n
			}
		}
	}
	return l.nodes[l.slots[f.slot]]
}

// addNode makes a node, without connections.
func (l *loop) addNode(e endpoint, shard uint16) *node {
	n := &node{addr: e.addr, ip: e.ip, index: uint16(len(l.nodes)), shard: shard, queue: newOutbox(16, 1<<10)}
	l.nodes = append(l.nodes, n)
	l.byAddr[e.addr] = n.index
	return n
}

// activate has a node's connections made and kept.
func (l *loop) activate(n *node) {
	n.active = true
	if len(n.conns) > 0 {
		return // the tick reconnects them
	}
	n.free = make([]*conn, l.share)
	for range l.share {
		n.conns = append(n.conns, l.newConn(n))
	}
	for _, c := range n.conns {
		l.open(c)
	}
}

// nowhere is the node of slots that no node serves: requests fail there, in a
// closed loop after some patience.
func (l *loop) nowhere() *node {
	return &node{down: true, why: ClassNoNode, queue: newOutbox(16, 1<<10)}
}

// host is the node's address without its port.
func (n *node) host() []byte {
	host, _, err := net.SplitHostPort(n.addr)
	if err != nil {
		return nil
	}
	return []byte(host)
}
