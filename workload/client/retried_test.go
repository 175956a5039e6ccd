//go:build linux

package client

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/conn"
	"github.com/slotstorm/slotstorm/workload/redistest"
	"github.com/slotstorm/slotstorm/workload/servers"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// mixed is a workload of some commands.
func mixed(t *testing.T, mix string) scenarios.Workload {
	t.Helper()
	s, err := scenarios.Parse("retried", []byte(`
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: retried}
workload: {rate: 1, arrival: constant, mix: [`+mix+`]}
timeline: {phases: [{name: only, duration: 1s}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	return s.Workload
}

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
	for name, mix := range map[string]string{
		"a command": "{command: GET, weight: 1}", "a transaction": `{command: MULTI, weight: 1, commands: ["SET {key} v", "GET {key}"]}`,
	} {
		t.Run(name, func(t *testing.T) { triesAgain(t, target, mix, &refuse) })
	}
}

// triesAgain sends requests of a mix to a target that refuses as many dials as refuse says.
func triesAgain(t *testing.T, target servers.Target, mix string, refuse *atomic.Int64) {
	w := mixed(t, mix)
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
	refuse.Store(0)
	if r := get(); r.outcome != results.OK || len(r.retried) > 0 {
		t.Errorf("with nothing in its way: %s after %q", r.outcome, r.retried)
	}
	refuse.Store(6) // two for each attempt, of which it makes four; some are for its topology
	g.conns.cut(all)
	if r := get(); r.outcome != results.OK || !slices.Contains(r.retried, "dial") {
		t.Errorf("with six dials refused: %s after %q", r.outcome, r.retried)
	}
	refuse.Store(1 << 20)
	g.conns.cut(all)
	if r := get(); r.outcome != results.Failed || r.class != "dial" {
		t.Errorf("with all dials refused: %s (%s)", r.outcome, r.class)
	}
}

// TestPipelinesThatAreSentAgain: go-redis sends a pipeline again as a whole if its first
// request is refused for a while. The server has then executed the others more than once.
func TestPipelinesThatAreSentAgain(t *testing.T) {
	addr, _ := redistest.Start(t, "--min-replicas-to-write", "1")
	target := servers.Target{Addrs: []string{addr}, Shards: [][]servers.Member{{{Name: "one", Addr: addr}}}, ShardOf: func(int) int { return 0 }}
	w := mixed(t, "{command: GET, weight: 1}, {command: SET, weight: 1}")
	st, err := stream.New(&w, 1)
	if err != nil {
		t.Fatal(err)
	}
	g := newGoRedis(target, w, st)
	defer g.close()
	draw := func(write bool) request {
		for i := int64(0); ; i++ {
			if buf, meta := st.Append(nil, i, 0); meta.Write == write {
				return request{meta: meta, calls: st.Calls(buf, meta)}
			}
		}
	}
	for name, writeFirst := range map[string]bool{"refused first": true, "refused later": false} {
		before := redistest.Calls(t, addr, "get")
		r := []request{draw(writeFirst), draw(!writeFirst), draw(false)}
		g.do(t.Context(), r)
		again, ok := 0, 0
		for i := range r {
			if r[i].meta.Write && (r[i].outcome != results.Failed || r[i].class != "NOREPLICAS" || r[i].again > 0) {
				t.Errorf("%s: the write: %+v", name, r[i])
			}
			if again += r[i].again; r[i].outcome == results.OK {
				ok++
			}
		}
		if got := redistest.Calls(t, addr, "get") - before; got != ok+again || (again > 0) != writeFirst {
			t.Errorf("%s: the server executed %d GETs; %d were ok and %d more are reported", name, got, ok, again)
		}
	}
}

// TestAnAttemptThatWasCarriedOut: a command that succeeded, was sent again with its pipeline
// and refused, is not one that was never executed.
func TestAnAttemptThatWasCarriedOut(t *testing.T) {
	cmd := redis.NewCmd(t.Context(), "INCR", "n")
	a := &attempt{}
	a.note(cmd, nil, place{})
	a.count([]redis.Cmder{cmd}, errors.New("EOF"))
	cmd.SetErr(conn.ReplyError("NOREPLICAS Not enough good replicas to write."))
	a.note(cmd, cmd.Err(), place{})
	a.count([]redis.Cmder{cmd}, cmd.Err())
	r := request{calls: make([]stream.Call, 1)}
	if r.judge(a, []*redis.Cmd{cmd}); r.outcome != results.Unknown || r.class != "NOREPLICAS" || r.again != 1 {
		t.Errorf("%+v", r)
	}
}

// The shards of wire have the numbers of the deployment.
func TestWireNumbersShardsAsTheDeployment(t *testing.T) {
	w := mixed(t, "{command: GET, weight: 1}")
	st, err := stream.New(&w, 1)
	if err != nil {
		t.Fatal(err)
	}
	d := &wireDriver{plan: Plan{Workload: w, Target: servers.Target{ShardOf: func(int) int { return 7 }}}, stream: st}
	if cfg := d.config(nil, time.Now()); cfg.ShardOf == nil || cfg.ShardOf(0) != 7 {
		t.Error("wire numbers them itself")
	}
}
