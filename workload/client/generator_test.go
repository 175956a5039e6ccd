package client

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/redistest"
	"github.com/slotstorm/slotstorm/workload/schedule"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// A generator that is far behind its schedule, as one without a processor is, gives
// each request in one frame: that of its second.
func TestEveryRequestOfALateGeneratorIsInOneFrame(t *testing.T) {
	t.Parallel()
	const rate, seconds = 300_000, 3
	g := lateGenerator(t, fmt.Sprintf("workload.rate=%d", rate), "workload.arrival=constant")
	frames := map[int]int{}
	total := 0
	// So far behind that it gives up each request as overflow: none is under way, which
	// would keep its second open.
	g.plan.Drain = 0
	start := time.Now().Add(-(seconds + 1) * time.Second)
	err := g.Run(t.Context(), t.Context(), start, Output{Frame: func(f results.Frame, _ time.Time, _ map[string]*hdrhistogram.Histogram) error {
		for _, c := range f.Commands {
			frames[f.Seq] += c.Total()
			total += c.Total()
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[int]int{}
	s := schedule.New(schedule.Options{Workload: &g.plan.Workload, Seed: g.plan.Seed, Length: g.plan.Length})
	for b, ok := s.Next(); ok; b, ok = s.Next() {
		want[int(b.At/time.Second)] += b.Count
	}
	if fmt.Sprint(frames) != fmt.Sprint(want) {
		t.Errorf("frames have %v, the schedule %v", frames, want)
	}
	if p := g.Progress(); p.Requests != int64(total) {
		t.Errorf("%d requests were issued, frames have %d", p.Requests, total)
	}
}

func TestEveryRequestOfAClosedLoopIsInOneFrame(t *testing.T) {
	t.Parallel()
	g := lateGenerator(t, "workload.rate=max", "workload.maxInFlight=8")
	g.plan.Length, g.plan.Requests = time.Hour, 3000
	total := 0
	err := g.Run(t.Context(), t.Context(), time.Now(), Output{Frame: func(f results.Frame, _ time.Time, _ map[string]*hdrhistogram.Histogram) error {
		for _, c := range f.Commands {
			total += c.Total()
		}
		return nil
	}})
	if p := g.Progress(); err != nil || p.Requests != 3000 || total != 3000 {
		t.Errorf("%d requests were issued, frames have %d: %v", p.Requests, total, err)
	}
}

// lateGenerator drives GETs through go-redis against one server.
func lateGenerator(t *testing.T, set ...string) *generator {
	t.Helper()
	addr, _ := redistest.Start(t)
	s, err := scenarios.Parse("late", []byte(`
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: late}
workload: {warmup: 0s, maxInFlight: 4, mix: [{command: GET, weight: 1}]}
timeline: {phases: [{name: only, duration: 3s}]}
`), set...)
	if err != nil {
		t.Fatal(err)
	}
	target := servers.Target{Addrs: []string{addr}, Shards: [][]servers.Member{{{Name: "one", Addr: addr}}}, ShardOf: func(int) int { return 0 }}
	d, err := goRedisDriver(Plan{Workload: s.Workload, Seed: 1, Target: target, Length: 3 * time.Second, Drain: time.Minute, Clock: results.Clock{Start: time.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	g := d.(*generator)
	t.Cleanup(func() { g.client.close() })
	if err := g.Warm(context.Background()); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestNoSecondBeginsAfterTheSchedule(t *testing.T) {
	for _, tc := range []struct {
		length, offset time.Duration
		want           int
	}{
		{3 * time.Second, 0, 0},
		{3 * time.Second, 999 * time.Millisecond, 0},
		{3 * time.Second, 2 * time.Second, 2},
		{3 * time.Second, 2999 * time.Millisecond, 2},
		{3 * time.Second, 3 * time.Second, 3},
		{3 * time.Second, 9 * time.Second, 3},
		{2500 * time.Millisecond, 2600 * time.Millisecond, 2},
		{2500 * time.Millisecond, 9 * time.Second, 3},
	} {
		g := &generator{plan: Plan{Length: tc.length}}
		if got := g.secondsBefore(tc.offset); got != tc.want {
			t.Errorf("%v into a schedule of %v, %d seconds have passed, want %d", tc.offset, tc.length, got, tc.want)
		}
	}
}
