package client

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/redistest"
	"github.com/slotstorm/slotstorm/workload/servers"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// churned is a client whose connections are counted. A layer hides their sockets from the
// library, as TLS does.
func churned(t *testing.T, layer bool) (g *goRedis, dials *atomic.Int64) {
	t.Helper()
	addr, _ := redistest.Start(t)
	target := servers.Target{Addrs: []string{addr}, Shards: [][]servers.Member{{{Name: "one", Addr: addr}}}, ShardOf: func(int) int { return 0 }}
	dials = new(atomic.Int64)
	target.Dialer = target.Dialer.Via(func(ctx context.Context, addr string) (net.Conn, error) {
		dials.Add(1)
		c, err := dial.Dialer{}.Dial(ctx, addr)
		if err != nil || !layer {
			return c, err
		}
		return struct{ net.Conn }{c}, nil
	})
	g = newGoRedis(target, scenarios.Workload{Client: scenarios.Client{Churn: &scenarios.Churn{}}}, &stream.Stream{})
	t.Cleanup(g.close)
	return g, dials
}

// Connections are dialled once, and once more after each cut; nothing fails by it, not even
// what is under way meanwhile.
func TestCutReplacesConnectionsAndFailsNothing(t *testing.T) {
	for name, layer := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			g, dials := churned(t, layer)
			set := func() int64 {
				t.Helper()
				for range 20 {
					if err := g.cluster.Set(t.Context(), "key", 1, 0).Err(); err != nil {
						t.Fatal(err)
					}
				}
				return dials.Load()
			}
			first := set() // the library may open one more for questions of its own
			if again := set(); again != first {
				t.Fatalf("%d connections were dialled, and %d soon after", first, again)
			}
			g.conns.cut(all)
			second := set()
			if again := set(); second == first || second > 2*first || again != second {
				t.Fatalf("%d connections were dialled before a cut, %d after it and %d soon after", first, second, again)
			}
			blocked := make(chan error)
			go func() { blocked <- g.cluster.BLPop(t.Context(), time.Second, "none").Err() }()
			for blocks(t, g) == 0 {
				time.Sleep(time.Millisecond)
			}
			g.conns.cut(all)
			if err := <-blocked; !errors.Is(err, redis.Nil) {
				t.Errorf("what was under way ended with %v", err)
			}
		})
	}
}

// blocks is how many clients the server blocks.
func blocks(t *testing.T, g *goRedis) int {
	t.Helper()
	info := g.cluster.InfoMap(t.Context(), "clients")
	if info.Err() != nil {
		t.Fatal(info.Err())
	}
	if info.Item("Clients", "blocked_clients") == "1" {
		return 1
	}
	return 0
}

// Connections that come and go under load fail no request.
func TestChurnUnderLoadFailsNothing(t *testing.T) {
	g, dials := churned(t, false)
	ctx, end := context.WithTimeout(t.Context(), 10*time.Second)
	defer end()
	p := Plan{Workload: scenarios.Workload{Generators: 1}}
	p.Workload.Client.Churn = &scenarios.Churn{Every: scenarios.Duration(time.Millisecond)}
	var wg sync.WaitGroup
	wg.Go(func() { g.conns.shake(ctx, p, time.Now()) })
	for range 8 {
		wg.Go(func() {
			for dials.Load() < 300 && ctx.Err() == nil {
				if err := g.cluster.Set(t.Context(), "key", 1, 0).Err(); err != nil {
					t.Error(err)
				}
			}
			end()
		})
	}
	wg.Wait()
	if n := dials.Load(); n < 300 {
		t.Errorf("%d connections were dialled: churn did nothing", n)
	}
}

// The oldest connections are cut, and those that were closed are forgotten.
func TestCutTakesTheOldest(t *testing.T) {
	var c connections
	var list []*tracked
	for range 4 {
		near, far := net.Pipe()
		t.Cleanup(func() { far.Close() })
		list = append(list, c.add(near).(*tracked))
	}
	if err := list[1].Close(); err != nil {
		t.Fatal(err)
	}
	c.cut(1)
	retired := func() (which []int) {
		for i, one := range list {
			if _, err := one.SyscallConn(); err != nil {
				which = append(which, i)
			}
		}
		return which
	}
	if got := retired(); !slices.Equal(got, []int{0}) {
		t.Errorf("retired: %v", got)
	}
	// A storm comes once without every, and then shake returns.
	p := Plan{Workload: scenarios.Workload{Generators: 1}}
	p.Workload.Client.Storm = &scenarios.ReconnectStorm{At: scenarios.Duration(time.Millisecond)}
	c.shake(t.Context(), p, time.Now())
	if got := retired(); !slices.Equal(got, []int{0, 2, 3}) {
		t.Errorf("after a storm, retired: %v", got)
	}
	if len(c.open) != 0 {
		t.Errorf("%d connections are still known", len(c.open))
	}
}
