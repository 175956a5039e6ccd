package wire

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// idle is a source without requests.
type idle struct{}

func (idle) Next(buf []byte, _ int64) ([]byte, Request, bool) { return buf, Request{}, false }

// A replica that was not listed before, and takes over, is no new shard for a caller that
// numbers the shards.
func TestShardsKeepTheNumbersOfTheCaller(t *testing.T) {
	for name, tc := range map[string]struct {
		shardOf func(int) int
		want    uint16
	}{"numbered": {func(slot int) int { return slot / 8192 }, 0}, "as seen": {nil, 2}} {
		cfg := config("127.0.0.1:1")
		cfg.ShardOf, cfg.NewSource, cfg.Cluster = tc.shardOf, func(int) Source { return idle{} }, true
		cfg.OnSecond = func(*Second) {}
		cfg, err := cfg.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		c := newControl(&cfg)
		e := &Engine{cfg: cfg, control: c}
		var stop atomic.Bool
		l, err := e.newLoop(t.Context(), 0, time.Now(), &stop)
		if err != nil {
			t.Fatal(err)
		}
		var known *topology
		for _, ranges := range [][]string{{"0 8191 a@127.0.0.1:1", "8192 16383 b@127.0.0.2:1"}, {"0 8191 c@127.0.0.3:1", "8192 16383 b@127.0.0.2:1"}} {
			if known, err = c.parse(t.Context(), slots(t, ranges...), "127.0.0.1:1", known); err != nil {
				t.Fatal(err)
			}
			l.apply(known)
		}
		// A request under way to the old primary is redirected, and stays of its shard.
		f := flight{slot: 0, shard: tc.want, command: 0}
		old := &conn{node: l.nodes[1], out: newOutbox(16, 1<<10)}
		old.out.push(&f, []byte("PING"))
		l.redirect(old, old.out.front(), resp.Reply{Kind: resp.Error, Body: []byte("MOVED 0 127.0.0.3:1")}, ClassMoved)
		if got := l.nodes[l.byAddr["127.0.0.3:1"]].queue.front().shard; got != tc.want {
			t.Errorf("%s: a redirected request is of shard %d, want %d", name, got, tc.want)
		}
		if l.shards[0] != tc.want || l.shards[16383] != 1 {
			t.Errorf("%s: slot 0 is of shard %d, want %d; the last one of %d", name, l.shards[0], tc.want, l.shards[16383])
		}
	}
}

// Reads of a slot that has moved go to replicas of its new owner, though the slot counts for the
// caller's shard as before.
func TestReadsFollowAMovedSlotToItsReplicas(t *testing.T) {
	cfg := config("127.0.0.1:1")
	cfg.ShardOf, cfg.NewSource, cfg.Cluster, cfg.ReadReplicas = func(int) int { return 0 }, func(int) Source { return idle{} }, true, true
	cfg.OnSecond = func(*Second) {}
	cfg, err := cfg.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c := newControl(&cfg)
	var stop atomic.Bool
	l, err := (&Engine{cfg: cfg, control: c}).newLoop(t.Context(), 0, time.Now(), &stop)
	if err != nil {
		t.Fatal(err)
	}
	known, err := c.parse(t.Context(), slots(t, "0 8191 a@127.0.0.1:1 b@127.0.0.2:1", "8192 16383 c@127.0.0.3:1 d@127.0.0.4:1"), "127.0.0.1:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	l.apply(known)
	for _, n := range l.nodes {
		n.live = 1
	}
	for slot, want := range map[int]string{0: "127.0.0.2:1", 8192: "127.0.0.4:1"} {
		if n := l.nodeOf(&flight{slot: uint16(slot), read: true}); n.addr != want {
			t.Errorf("a read of slot %d goes to %s, want %s", slot, n.addr, want)
		}
	}
}
