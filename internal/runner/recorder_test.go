package runner

import (
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// An outage that begins while the load cannot reach the cluster is none of the cluster.
func TestOutagesWhileTheWayIsAway(t *testing.T) {
	t.Parallel()
	at := func(seconds float64) results.Duration { return results.Duration(seconds * float64(time.Second)) }
	r := recorder{}
	r.Emit(results.Event{Kind: results.EventOutOfReach, Offset: at(10)})
	r.Emit(results.Event{Kind: results.EventLoadAway, Offset: at(30), Lasted: at(10)})
	var left []int
	for _, o := range r.witnessed([]results.Outage{
		{Shard: 0, From: at(10), To: at(20)}, {Shard: 1, From: at(24), To: at(50)}, {Shard: 2, From: at(29), To: at(41)},
		{Shard: 3, From: at(44), To: at(45)}, {Shard: 4, From: at(46), To: at(47)},
	}) {
		left = append(left, o.Shard)
	}
	if !slices.Equal(left, []int{0, 1, 4}) {
		t.Errorf("outages that count: %v", left)
	}
}
