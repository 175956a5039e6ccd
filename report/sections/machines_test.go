package sections

import (
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/results"
)

// A machine that broke is said with what Kubernetes made of it; a fault that did not act, or
// that broke none, says nothing.
func TestMachines(t *testing.T) {
	seconds := func(n float64) results.Duration { return results.DurationOf(time.Duration(n * float64(time.Second))) }
	b := &results.Bundle{Run: results.Run{LoadStart: seconds(5)}}
	broken := results.Broken{Name: "kind-worker", Action: "pause", Nodes: []string{"shard-0-0", "shard-1-1"}, NotReady: seconds(60), Ready: seconds(78), Terminating: []string{"shard-0-0"}}
	soon := results.Broken{Name: "kind-worker", Action: "stop", Nodes: []string{"shard-0-0"}, Ready: seconds(125)}
	b.Run.Faults = []results.Fault{
		{Name: "hang", Injected: seconds(10), Released: seconds(75), Restored: seconds(80), Machines: []results.Broken{broken}},
		{Name: "cut", Injected: seconds(100), Released: seconds(120), Restored: seconds(130), Machines: []results.Broken{soon}},
		{Name: "refused", Machines: []results.Broken{broken}},
		{Name: "kill", Injected: seconds(140)},
	}
	d := machines(b, nil)
	if len(d.Blocks) != 2 {
		t.Fatalf("%d blocks: %+v", len(d.Blocks), d.Blocks)
	}
	rows := d.Blocks[0].(doc.Table).Rows
	if want := []string{"hang", "kind-worker", "pause", "shard-0-0, shard-1-1", "T+10.000 s", "T+60.000 s", "T+75.000 s", "T+78.000 s", "T+80.000 s", "shard-0-0"}; len(rows) != 2 || !slices.Equal(rows[0], want) {
		t.Errorf("%q, want %q", rows, want)
	}
	if got := string(d.Blocks[1].(doc.Line)); got != "cut: Kubernetes did not take kind-worker for lost within these 20.0 s" {
		t.Errorf("line %q", got)
	}
	b.Run.Faults = b.Run.Faults[2:]
	if d := machines(b, nil); len(d.Blocks) != 0 {
		t.Errorf("without such a fault: %+v", d.Blocks)
	}
}
