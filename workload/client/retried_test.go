//go:build linux

package client

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
	"github.com/slotstorm/slotstorm/workload/redistest"
	"github.com/slotstorm/slotstorm/workload/servers"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// What go-redis runs into and tries again by itself is known of a request that is
// ok in the end.
func TestWhatTheLibraryTriesAgain(t *testing.T) {
	addr, _ := redistest.Start(t)
	target := servers.Target{Addrs: []string{addr}, Shards: [][]servers.Member{{{Name: "one", Addr: addr}}}, ShardOf: func(int) int { return 0 }}
	var refuse atomic.Int64
	target.Dialer = target.Dialer.Via(func(ctx context.Context, addr string) (net.Conn, error) {
		if refuse.Add(-1) >= 0 {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}
		return dial.Dialer{}.Dial(ctx, addr)
	})
	scenario, err := scenarios.Parse("retried", []byte(`
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: retried}
workload: {rate: 1, arrival: constant, mix: [{command: GET, weight: 1}]}
timeline: {phases: [{name: only, duration: 1s}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	w := scenario.Workload
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
