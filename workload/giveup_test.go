//go:build linux

package workload

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

// A generator that is far behind stops at the end of the load and its drain: every
// request that is still unsent then is counted as overflow.
func TestALoadEndsAtItsTime(t *testing.T) {
	target := alone(t).Target
	for _, client := range []string{"go-redis", "wire"} {
		t.Run(client, func(t *testing.T) {
			var mu sync.Mutex
			var sum results.Counts
			plan := openLoop(t, target, 1000, 2*time.Second, func(f results.Frame, _ time.Time, _ map[string]*hdrhistogram.Histogram) error {
				mu.Lock()
				defer mu.Unlock()
				sum = sum.Plus(f.Commands["GET"])
				return nil
			})
			plan.Drain = time.Second
			if plan.Workload.Client.Type = client; client == "go-redis" {
				plan.Workload.Client.Options.MaxRetries = -1
			}
			l, err := Prepare(t.Context(), plan)
			if err != nil {
				t.Fatal(err)
			}
			stop, end := context.WithCancel(t.Context())
			defer end()
			l.Go(t.Context(), stop, time.Now().Add(-4*time.Second))
			if err := l.Wait(); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if sum != (results.Counts{Overflow: 2000}) {
				t.Errorf("%+v", sum)
			}
		})
	}
}
