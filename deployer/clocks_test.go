package deployer

import (
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/redistest"
)

// TestClocksOfThisMachineAreOne: a server here has the clock of the run, and one that does
// not answer has no measurement.
func TestClocksOfThisMachineAreOne(t *testing.T) {
	t.Parallel()
	addr, _ := redistest.Start(t)
	c := &Cluster{Nodes: []Node{{Name: "here", Addr: addr}, {Name: "gone", Addr: "127.0.0.1:1"}}, Shards: 2}
	got := c.Clocks(t.Context(), results.Clock{Start: time.Now()})
	one, ok := got["here"]
	if !ok || len(got) != 1 {
		t.Fatalf("%+v", got)
	}
	if least, most := (results.Node{Clocks: []results.ClockOffset{one}}).ClockAhead(); least != 0 || most != 0 || one.Uncertainty <= 0 || one.At <= 0 {
		t.Errorf("%+v: ahead by %v to %v", one, least, most)
	}
}
