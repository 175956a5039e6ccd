package client

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// connections are those of one client, oldest first, for taking them away from
// it.
type connections struct {
	mu   sync.Mutex
	open []*tracked
}

// tracked is a connection that is known until it is closed.
type tracked struct {
	net.Conn
	of *connections
}

func (c *connections) add(nc net.Conn) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &tracked{nc, c}
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

// SyscallConn lets the library see that the other side has closed, as it can with
// an untracked connection.
func (t *tracked) SyscallConn() (syscall.RawConn, error) {
	if sc, ok := t.Conn.(syscall.Conn); ok {
		return sc.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// cut ends the n oldest connections from the client's side: replies under way
// still come, then the server closes, and the library has to dial.
func (c *connections) cut(n int) {
	c.mu.Lock()
	n = min(n, len(c.open))
	old := append([]*tracked(nil), c.open[:n]...)
	c.open = append(c.open[:0], c.open[n:]...)
	c.mu.Unlock()
	for _, t := range old {
		if half, ok := t.Conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite() // it may be closed already
		} else {
			_ = t.Conn.Close()
		}
	}
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
