//go:build linux

package workload

import (
	"context"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// What go-redis runs into and tries again by itself is known of a request that is
// ok in the end.
func TestWhatTheLibraryTriesAgain(t *testing.T) {
	target := alone(t).Target
	var refuse atomic.Int64
	target.Dialer = target.Dialer.Via(func(ctx context.Context, addr string) (net.Conn, error) {
		if refuse.Add(-1) >= 0 {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}
		return dial.Dialer{}.Dial(ctx, addr)
	})
	w := openLoop(t, target, 1, 0, nil).Workload
	w.Client = scenarios.Client{Churn: &scenarios.Churn{}}
	w.Client.Options.DialerRetries = 2
	st, err := stream.New(&w, 1)
	if err != nil {
		t.Fatal(err)
	}
	g := newGoRedis(target, w, st)
	defer g.close()
	get := func() request {
		buf, meta := st.Append(nil, 0, 0)
		r := []request{{meta: meta, calls: st.Calls(buf, meta)}}
		g.do(t.Context(), r)
		return r[0]
	}
	if r := get(); r.outcome != results.OK || len(r.retried) > 0 {
		t.Errorf("with nothing in its way: %s after %q", r.outcome, r.retried)
	}
	refuse.Store(3)
	g.conns.cut(all)
	if r := get(); r.outcome != results.OK || !slices.Contains(r.retried, "dial") {
		t.Errorf("with three dials refused: %s after %q", r.outcome, r.retried)
	}
}
