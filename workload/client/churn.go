package client

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// connections are those of one client, oldest first, for taking them away from
// it.
type connections struct {
	mu   sync.Mutex
	open []*tracked
}

// tracked is a connection that is known until it is closed or cut.
type tracked struct {
	net.Conn
	of      *connections
	retired atomic.Bool
}

func (c *connections) add(nc net.Conn) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &tracked{Conn: nc, of: c}
	c.open = append(c.open, t)
	return t
}

// Close implements net.Conn.
func (t *tracked) Close() error {
	t.of.mu.Lock()
	for i, o := range t.of.open {
		if o == t {
			t.of.open = append(t.of.open[:i], t.of.open[i+1:]...)
			break
		}
	}
	t.of.mu.Unlock()
	return t.Conn.Close()
}

// errRetired ends a connection that was cut.
var errRetired = errors.New("the connection is retired")

// SyscallConn is what the library asks for before it gives a connection to a request, to
// see whether the other side has closed it. An error makes it close the connection and
// dial again: no request is under way on it then. This is the only moment that the library
// shows at which that is so.
func (t *tracked) SyscallConn() (syscall.RawConn, error) {
	if t.retired.Load() {
		return nil, errRetired
	}
	if sc, ok := t.Conn.(syscall.Conn); ok {
		return sc.SyscallConn()
	}
	return unseen{}, nil
}

// unseen stands for a socket that cannot be looked at, because TLS is above it. The library
// takes such a connection for a healthy one.
type unseen struct{}

// Control implements syscall.RawConn.
func (unseen) Control(func(uintptr)) error { return nil }

// Read implements syscall.RawConn.
func (unseen) Read(func(uintptr) bool) error { return nil }

// Write implements syscall.RawConn.
func (unseen) Write(func(uintptr) bool) error { return nil }

// cut retires the n oldest connections: replies under way still come, and the library
// replaces each of them before its next request.
func (c *connections) cut(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n = min(n, len(c.open))
	for _, t := range c.open[:n] {
		t.retired.Store(true)
	}
	c.open = append(c.open[:0], c.open[n:]...)
}

// all is more connections than there are.
const all = 1 << 30

// shake takes connections away as the plan's churn and storm ask, until ctx ends.
func (c *connections) shake(ctx context.Context, p Plan, start time.Time) {
	var wg sync.WaitGroup
	n := p.Workload.Generators
	if churn := p.Workload.Client.Churn; churn != nil {
		// The generators take turns.
		every := churn.Every.Std()
		wg.Go(func() { c.cutEvery(ctx, 1, start.Add(time.Duration(p.Index+1)*every), time.Duration(n)*every) })
	}
	if storm := p.Workload.Client.Storm; storm != nil {
		at := start.Add(p.Workload.Warmup.Std() + storm.At.Std())
		wg.Go(func() { c.cutEvery(ctx, all, at, storm.Every.Std()) })
	}
	wg.Wait()
}

// cutEvery cuts n connections at a time and, with every above 0, again and again.
func (c *connections) cutEvery(ctx context.Context, n int, at time.Time, every time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ; ; at = at.Add(every) {
		timer.Reset(time.Until(at))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		c.cut(n)
		if every <= 0 {
			return
		}
	}
}
