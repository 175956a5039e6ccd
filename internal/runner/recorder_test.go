package runner

import (
	"os"
	"slices"
	"strings"
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
	theirs, away := r.apart([]results.Outage{
		{Shard: 0, From: at(10), To: at(20)}, {Shard: 1, From: at(24), To: at(50)}, {Shard: 2, From: at(29), To: at(41)},
		{Shard: 3, From: at(44), To: at(45)}, {Shard: 4, From: at(46), To: at(47)},
	})
	shards := func(list []results.Outage) (of []int) {
		for _, o := range list {
			of = append(of, o.Shard)
		}
		return of
	}
	if !slices.Equal(shards(theirs), []int{0, 1, 4}) || !slices.Equal(shards(away), []int{2, 3}) {
		t.Errorf("outages that count: %v; kept beside them: %v", shards(theirs), shards(away))
	}
}

// A node's log is dated by its own clock, which may be another machine's.
func TestALogIsDatedByTheRunsClock(t *testing.T) {
	t.Parallel()
	ms := results.Duration(time.Millisecond)
	bundle, err := results.Create(t.TempDir(), "run-20261201T000000Z-0001", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := recorder{bundle: bundle, facts: results.Run{Nodes: []results.Node{
		{Name: "node-0"}, {Name: "node-1", Clocks: []results.ClockOffset{{Offset: 3000 * ms, Uncertainty: 2 * ms}}},
	}}}
	for _, n := range r.facts.Nodes {
		r.dated(n.Name)(results.Event{Node: n.Name, Kind: results.EventFail, Offset: 5000 * ms, Uncertainty: ms})
	}
	if err := bundle.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(bundle.Path(results.EventsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"offsetMs":5000,"uncertaintyMs":1`, `"offsetMs":2002,"uncertaintyMs":5`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s in %s", want, raw)
		}
	}
}
