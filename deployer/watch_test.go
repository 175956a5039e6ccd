package deployer

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/redistest"
)

// A change since the last poll is seen at the end, too: a run ends as soon as its cluster
// is whole.
func TestWatchLooksOnceMore(t *testing.T) {
	t.Parallel()
	addr, _ := redistest.Start(t, "--cluster-enabled", "yes")
	c := &Cluster{Shards: 1, Nodes: []Node{{Name: "node-0", Addr: addr}}}
	cl := c.Client(c.Nodes[0], commandTimeout)
	defer cl.Close()
	if err := cl.Do(t.Context(), "CLUSTER", "ADDSLOTS", 0).Err(); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var seen []results.Event
	first := make(chan struct{}, 8)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Watch(ctx, time.Hour, results.Clock{Start: time.Now()}, func(e results.Event) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, e)
			first <- struct{}{}
		})
	}()
	<-first // slot 0 is news of the first poll
	if err := cl.Do(t.Context(), "CLUSTER", "ADDSLOTS", 7).Err(); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-ended
	if !slices.ContainsFunc(seen, func(e results.Event) bool { return e.Kind == results.EventSlotsGained && e.Slots.String() == "7" }) {
		t.Errorf("seen: %+v", seen)
	}
}
