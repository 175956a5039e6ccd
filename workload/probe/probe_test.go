package probe

import (
	"context"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/redistest"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// TestAShardIsFoundOnANodeOfAnother: the only node that was deployed into shard 0 is
// gone, and one of shard 1 takes its writes.
func TestAShardIsFoundOnANodeOfAnother(t *testing.T) {
	t.Parallel()
	alive, _ := redistest.Start(t)
	gone, process := redistest.Start(t)
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // it was killed
	target := servers.Target{
		Shards:  [][]servers.Member{{{Name: "gone", Addr: gone}}, {{Name: "alive", Addr: alive}}},
		ShardOf: func(slot int) int { return slot % 2 },
		Dialer:  dial.Dialer{},
	}
	start := time.Now()
	p := New(target, scenarios.Probe{Interval: scenarios.Duration(2 * time.Millisecond), Timeout: scenarios.Duration(time.Second)}, results.Clock{Start: start}, start)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	for sec, found := 0, 0; found < 20; {
		if ctx.Err() != nil {
			t.Fatal("the probes have not found the node that takes the shard's writes")
		}
		time.Sleep(5 * time.Millisecond)
		counts := p.Take(sec)
		found += counts[0].OK
		if time.Since(start) > time.Duration(sec+1)*time.Second {
			sec++
		}
	}
	cancel()
	<-done
}
