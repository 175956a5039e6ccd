package wire

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
