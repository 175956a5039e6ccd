package remote

import (
	"context"
	"net"
	"sync"
	"time"
)

// KeepEvery is how often Keep visits a generator, whose patience is minutes.
const KeepEvery = 10 * time.Second

// Keep lets the first n generators wait for a load that is a while to come: each is visited
// every so often, so that it does not take its run for gone. The returned function ends that
// and waits for visits under way. A visit that fails is no error here: the load that follows
// says better why a generator cannot be reached.
func (f *Fleet) Keep(ctx context.Context, n int, every time.Duration) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for index := range n {
		wg.Go(func() {
			t := time.NewTicker(every)
			defer t.Stop()
			for {
				_ = f.visit(ctx, index)
				select {
				case <-ctx.Done():
					return
				case <-t.C:
				}
			}
		})
	}
	return func() {
		cancel()
		wg.Wait()
	}
}

// visit greets a generator, and orders nothing.
func (f *Fleet) visit(ctx context.Context, index int) error {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	dial := func(ctx context.Context) (net.Conn, error) { return f.Dial(ctx, index) }
	c, err := open(ctx, dial, f.Identity)
	if err != nil {
		return err
	}
	defer c.NetConn().Close()
	defer context.AfterFunc(ctx, func() { c.NetConn().Close() })()
	if err := writeLine(c, order{Version: protocolVersion}); err != nil {
		return err
	}
	var r reply
	return newLines(c).next(&r)
}
