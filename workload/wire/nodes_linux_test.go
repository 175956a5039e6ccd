package wire

import (
	"sync/atomic"
	"testing"
	"time"
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
		if l.shards[0] != tc.want || l.shards[16383] != 1 {
			t.Errorf("%s: slot 0 is of shard %d, want %d; the last one of %d", name, l.shards[0], tc.want, l.shards[16383])
		}
	}
}
