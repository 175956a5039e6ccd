//go:build linux

package workload

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/redistest"
)

// A closed loop whose start lies ahead sends nothing before it, and all that it sends stands in
// a second of the load.
func TestAClosedLoopBeginsAtItsStart(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, client := range []string{"go-redis", "wire"} {
		t.Run(client, func(t *testing.T) {
			target := alone(t).Target
			var mu sync.Mutex
			frames := map[int]int{}
			plan := openLoop(t, target, 1, 2*time.Second, func(f results.Frame, _ time.Time, _ map[string]*hdrhistogram.Histogram) error {
				mu.Lock()
				defer mu.Unlock()
				frames[f.Seq] += f.Commands["GET"].Total()
				return nil
			})
			plan.Workload.Rate = scenarios.Rate{Max: true}
			plan.Workload.MaxInFlight, plan.Workload.Client.Type = 4, client
			l, err := Prepare(t.Context(), plan)
			if err != nil {
				t.Fatal(err)
			}
			stop, end := context.WithCancel(t.Context())
			defer end()
			start := time.Now().Add(1500 * time.Millisecond)
			l.Go(t.Context(), stop, start)
			for time.Now().Before(start.Add(-100 * time.Millisecond)) {
				if n := redistest.Calls(t, target.Addrs[0], "get"); n > 0 {
					t.Fatalf("%d requests were sent before the start", n)
				}
				time.Sleep(100 * time.Millisecond)
			}
			if err := l.Wait(); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if n := redistest.Calls(t, target.Addrs[0], "get"); frames[0]+frames[1] != n || frames[0] == 0 || frames[1] == 0 || len(frames) > 2 {
				t.Errorf("the seconds have %v, and the server had %d", frames, n)
			}
		})
	}
}
