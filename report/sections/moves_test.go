package sections

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/results"
)

// The slots that moved are said with what clients met meanwhile; a run without such a fault
// says nothing.
func TestMoves(t *testing.T) {
	seconds := func(n float64) results.Duration { return results.DurationOf(time.Duration(n * float64(time.Second))) }
	slots := func(first, last int) results.Slots {
		return results.SlotsOf(results.SlotRange{First: first, Last: last})
	}
	b := &results.Bundle{Run: results.Run{LoadStart: seconds(5)}}
	b.Run.Faults = []results.Fault{{Name: "move", Injected: seconds(10), Moved: &results.SlotMove{
		From: 0, To: 1, Asked: slots(100, 199), Slots: slots(100, 149), Keys: 40, Took: seconds(2), Slowest: seconds(0.15), SlowestSlot: 117,
	}}}
	b.Frames = []results.Frame{{Seq: 4, Retried: map[string]int{"MOVED": 9}}, {Seq: 5, Retried: map[string]int{"MOVED": 2, "ASK": 1}}, {Seq: 7, Retried: map[string]int{"MOVED": 3, "timeout": 4}}}
	d := moves(b, nil)
	if len(d.Blocks) != 3 {
		t.Fatalf("%d blocks: %+v", len(d.Blocks), d.Blocks)
	}
	if got, want := d.Blocks[0].(doc.Table).Rows[0], []string{"move", "shard 0", "shard 1", "key by key", "50 of 100", "40", "2.00 s", "20.0/s", "150 ms (slot 117)"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	var lines []string
	for _, block := range d.Blocks[1:] {
		lines = append(lines, string(block.(doc.Line)))
	}
	if got := strings.Join(lines, " / "); got != "move: slots 150-199 did not move / move: the load's clients were sent elsewhere meanwhile: MOVED 5, ASK 1" {
		t.Errorf("lines %q", got)
	}
	b.Run.Faults = []results.Fault{{Name: "out", Injected: seconds(10), Restored: seconds(16), Scaled: &results.Scaling{
		From: 3, To: 4, Nodes: []string{"node-6", "node-7"}, Joined: seconds(1.5),
		Moves: []results.SlotMove{{From: 0, To: 3, Asked: slots(100, 199), Slots: slots(100, 199), Keys: 40, Took: seconds(2), Atomic: true}},
	}}}
	if d := moves(b, nil); len(d.Blocks) != 3 || d.Blocks[1] != doc.Line("out: from 3 to 4 shards; node-6, node-7 joined, with their replicas in sync after 1.50 s; over after 6.00 s") {
		t.Errorf("a shard that joins: %+v", d.Blocks)
	}
	b.Run.Faults[0].Scaled.From, b.Run.Faults[0].Scaled.To, b.Run.Faults[0].Restored = 4, 3, 0
	if d := moves(b, nil); d.Blocks[1] != doc.Line("out: from 4 to 3 shards; node-6, node-7 to leave") {
		t.Errorf("a shard that was to leave: %+v", d.Blocks)
	}
	b.Run.Faults[0].Scaled = nil
	if d := moves(b, nil); len(d.Blocks) > 0 {
		t.Errorf("without a move: %+v", d.Blocks)
	}
}
