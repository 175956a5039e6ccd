package witness

import (
	"strconv"
	"testing"
	"time"

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

// While the network is cut, a shard can serve a client beside it and be away from the probes.
func TestWritesBeyondACut(t *testing.T) {
	cut := results.Fault{Traits: results.Traits{Disconnects: true}, Injected: millis(1000), Released: millis(3000)}
	for name, tc := range map[string]struct {
		client string
		sent   int
		fault  results.Fault
		want   bool
	}{
		"another generator":           {"generator 1", 2000, cut, false},
		"where the probes are":        {"generator 0", 2000, cut, true},
		"the only generator":          {"", 2000, cut, true},
		"after the cut":               {"generator 1", 3500, cut, true},
		"a fault that cuts nothing":   {"generator 1", 2000, results.Fault{Injected: millis(1000), Released: millis(3000)}, true},
		"a fault that did not happen": {"generator 1", 2000, results.Fault{Traits: cut.Traits}, true},
	} {
		b := &results.Bundle{Writes: []results.Write{{Client: tc.client, Outcome: string(results.OK), Sent: millis(tc.sent), Done: millis(tc.sent + 1)}}}
		b.Run.Faults = []results.Fault{tc.fault}
		o := results.Outage{From: millis(1100), To: millis(9000)}
		if got := acknowledgedWithin(b, o, 0) != nil; got != tc.want {
			t.Errorf("%s: found %v, want %v", name, got, tc.want)
		}
	}
}

// A connection beyond maxclients gets an ERR that no statistics of errors have.
func TestConnectionsThatWereTurnedAway(t *testing.T) {
	a, b := info{"run_id": "x", "rejected_connections": "3"}, info{"run_id": "x", "rejected_connections": "10"}
	s, _ := between(a, b)
	c := counted{segments: []segment{s}}
	if got := c.replied("ERR"); got != (span{0, 7}) || c.replied("OOM") != (span{}) {
		t.Errorf("ERR %+v, OOM %+v", got, c.replied("OOM"))
	}
}

// The last frame is taken when the last request has ended: probes of the rest of its second are
// in no frame.
func TestProbesThatTheLastFrameLacks(t *testing.T) {
	probes := func(n int) map[int]results.ProbeCount { return map[int]results.ProbeCount{0: {OK: n}} }
	b := &results.Bundle{Frames: []results.Frame{{Seq: 7, Probes: probes(90)}, {Seq: 8, Probes: probes(82)}}}
	if got := unframed(b, 0, 10*time.Millisecond); got != 18 {
		t.Errorf("%d probes, want 18", got)
	}
	if got := unframed(b, 1, 10*time.Millisecond); got != 0 {
		t.Errorf("%d probes of a shard that none counted", got)
	}
}

// Each command of a transaction can be refused by itself, and so can its EXEC.
func TestRefusalsOfTransactions(t *testing.T) {
	single, multi := `{"command": "GET"}`, `{"command": "MULTI", "commands": ["SET {key} 1", "INCR {key:counter}", "SET {key+1} 1"]}`
	for _, tc := range []struct {
		mix      string
		answered int64 // by the servers, for 10 requests that failed
		want     results.CheckResult
	}{
		{single, 10, results.CheckAgrees},
		{single, 11, results.CheckDisagrees},
		{multi, 10, results.CheckAgrees},
		{multi, 30, results.CheckAgrees},
		{single + "," + multi, 40, results.CheckAgrees},
		{multi, 41, results.CheckDisagrees},
		{multi, 9, results.CheckDisagrees},
	} {
		b := &results.Bundle{Frames: []results.Frame{{Errors: map[string]int{"OOM": 10}}}}
		b.Run.Client.Type = "wire"
		b.Run.Scenario = []byte(`{"workload": {"mix": [` + tc.mix + `]}}`)
		before, after := info{"run_id": "x"}, info{"run_id": "x", "errorstat_OOM": "count=" + strconv.FormatInt(tc.answered, 10)}
		e := &evidence{run: &b.Run, sampled: true, nodes: []*node{{samples: []sample{{moment: results.MomentBefore, info: before}, {moment: results.MomentAfter, info: after}}}}}
		if got := errorReplies(b, e); got.Result != tc.want {
			t.Errorf("%s, %d replies: %+v", tc.mix, tc.answered, got)
		}
	}
}

// The same holds for transactions that ended without an answer: they count no class.
func TestRefusalsOfTransactionsWithoutAnAnswer(t *testing.T) {
	b := &results.Bundle{Frames: []results.Frame{{Commands: map[string]results.Counts{"MULTI": {Unknown: 5}}}}}
	b.Run.Client.Type = "wire"
	b.Run.Scenario = []byte(`{"workload": {"mix": [{"command": "MULTI", "commands": ["SET {key} 1", "INCR {key:counter}"]}]}}`)
	if _, more := replies(b); more != 15 {
		t.Errorf("%d more, want 15", more)
	}
}
