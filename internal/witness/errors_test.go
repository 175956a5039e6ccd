package witness

import (
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// Probes go on after the last frame until the statistics are read: a node that answers
// CLUSTERDOWN by then has more such replies than any frame counts.
func TestProbesAfterTheLastFrame(t *testing.T) {
	b := &results.Bundle{Frames: []results.Frame{{Seq: 9}}}
	b.Run.Nodes = make([]results.Node, 2)
	b.Run.LoadEnd = millis(10000)
	b.Run.Scenario = []byte(`{"Workload": {"Mix": [{"Command": "GET"}], "Probe": {"Interval": "20ms"}}}`)
	e := &evidence{run: &b.Run, nodes: []*node{{samples: []sample{{moment: results.MomentAfter, answered: millis(10100)}}}}}
	if got := probeReplies(b, e); got != 2*(5+1) {
		t.Errorf("%d replies, want 12", got)
	}
}
