package wire

import (
	"time"
)

// retirements are those of a core.
func retirements(cfg *Config, core int) []retirement {
	if cfg.Retire == nil {
		return nil
	}
	var list []retirement
	for _, r := range cfg.Retire(core) {
		list = append(list, retirement{r, int64(r.At)})
	}
	return list
}

// never is a time that does not come.
const never = int64(1) << 62

// retireDue ends the connections whose time has come.
func (l *loop) retireDue(now int64) {
	for i := range l.retire {
		r := &l.retire[i]
		for l.start+r.next <= now && r.next != never {
			if r.All {
				for _, c := range l.conns {
					l.retireConn(c)
				}
			} else if c := l.oldest(); c != nil {
				l.retireConn(c)
			}
			if r.next += int64(r.Every); r.Every < time.Millisecond {
				r.next = never
			}
		}
	}
}

// oldest is the connection that has lived longest.
func (l *loop) oldest() *conn {
	var found *conn
	for _, c := range l.conns {
		if c.state == live && !c.retire && c.node.active && (found == nil || c.since < found.since) {
			found = c
		}
	}
	return found
}

// retireConn gives a connection no more requests; it ends when it has its
// answers.
func (l *loop) retireConn(c *conn) {
	if c.state != live || c.retire {
		return
	}
	c.retire = true
	l.room -= l.cfg.Depth - c.users
	if c.node.fill == c {
		c.node.fill = nil
	}
	if c.out.len() == 0 {
		l.renew(c)
	}
}

// renew ends a connection on which nothing is under way, and makes it anew.
func (l *loop) renew(c *conn) {
	l.lost(c, NoError)
	if c.node.active {
		l.open(c)
	}
}
