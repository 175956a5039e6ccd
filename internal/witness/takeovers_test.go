package witness

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

func seconds(s float64) results.Duration {
	return results.DurationOf(time.Duration(s * float64(time.Second)))
}

func TestPromotionsAndTakeovers(t *testing.T) {
	won := func(s float64) []logLine {
		return []logLine{{at: seconds(s), what: lineWon}, {at: seconds(s), what: lineEpoch, epoch: 7}}
	}
	takeover := func(means results.Means, at, uncertainty float64) results.Failover {
		return results.Failover{From: "a", To: "b", Means: means, Epoch: 7, Injected: seconds(10),
			Steps: []results.Step{{Name: results.StepPromoted, At: seconds(at - 10), Uncertainty: seconds(uncertainty)}}}
	}
	placed := takeover(results.MeansElected, 12, 0.001)
	placed.Steps = append(placed.Steps, results.Step{Name: results.StepProbe, At: seconds(2), Uncertainty: seconds(0.1)})
	other := takeover(results.MeansElected, 12, 0.001)
	other.Epoch = 8
	for _, tc := range []struct {
		what string
		log  []logLine
		list []results.Failover
		want results.CheckResult
	}{
		{"neither", nil, nil, results.CheckAgrees},
		{"both", won(12), []results.Failover{takeover(results.MeansElected, 12, 0.001)}, results.CheckAgrees},
		{"both, another epoch", won(12), []results.Failover{other}, results.CheckDisagrees},
		{"a poll saw it late", won(12), []results.Failover{takeover(results.MeansElected, 12.3, 0.4)}, results.CheckAgrees},
		{"a poll saw it too late", won(12), []results.Failover{takeover(results.MeansElected, 12.9, 0.4)}, results.CheckDisagrees},
		{"placed at the step after it", won(12.08), []results.Failover{placed}, results.CheckAgrees},
		{"only the log", won(12), nil, results.CheckDisagrees},
		{"only the log, after the load", won(40), nil, results.CheckUnchecked},
		{"only the log, before the load", won(1), nil, results.CheckAgrees},
		{"only the report", nil, []results.Failover{takeover(results.MeansElected, 12, 0.001)}, results.CheckDisagrees},
		{"a restore brought the old primary back", []logLine{{at: seconds(11), what: lineStart}}, []results.Failover{takeover("", 12, 0.1)}, results.CheckAgrees},
		{"slots that moved are no promotion", nil, []results.Failover{takeover(results.MeansMoved, 12, 0.1)}, results.CheckAgrees},
	} {
		b := &results.Bundle{Run: results.Run{LoadStart: seconds(2), LoadEnd: seconds(30)}}
		e := &evidence{run: &b.Run, nodes: []*node{{Node: results.Node{Name: "b"}, hasLog: true, whole: true, log: tc.log}}}
		if c := promotionsAgree(b, &results.Summary{Failovers: tc.list}, e); c.Result != tc.want {
			t.Errorf("%s: %+v, want %s", tc.what, c, tc.want)
		}
	}
}

// A server that started itself anew within its process is a start that only samples show.
func TestStartsThatOnlySamplesShow(t *testing.T) {
	b := &results.Bundle{Events: []results.Event{
		{Offset: seconds(1), Kind: results.EventNodeStart, Source: "supervisor", Node: "a"},
		{Offset: seconds(9), Kind: results.EventNodeExit, Source: "poll", Node: "a"},
		{Offset: seconds(9.1), Kind: results.EventNodeReady, Source: "poll", Node: "a"},
		{Offset: seconds(12), Kind: results.EventNodeReady, Source: "supervisor", Node: "a"},
	}}
	if got := started(b, "a"); got != (span{2, 2}) {
		t.Errorf("%v starts", got)
	}
}

// A probe that was held up dates the last good write too late, and so the outage's
// beginning. The delay that the process measured of itself accounts for that, and for no
// more.
func TestAnOutageThatAStallDatesLate(t *testing.T) {
	for _, tc := range []struct {
		from  float64
		delay int64 // µs
		want  results.CheckResult
	}{
		{10.04, 0, results.CheckAgrees},
		{10.2, 0, results.CheckDisagrees},
		{10.2, 200_000, results.CheckAgrees},
		{10.4, 200_000, results.CheckDisagrees},
	} {
		b := &results.Bundle{Run: results.Run{LoadStart: seconds(2), ProbeOutages: []results.Outage{{From: seconds(tc.from), To: seconds(13)}}}}
		if tc.delay > 0 {
			h := hdrhistogram.NewPacked(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
			if err := h.RecordValue(tc.delay); err != nil {
				t.Fatal(err)
			}
			b.SelfIntervals = []results.SelfInterval{{Delay: results.Starved, Second: 8, Histogram: h}, {Delay: results.Sched, Second: 30, Histogram: h}}
		}
		c := newCheck(results.CheckOutages)
		(&evidence{run: &b.Run}).contained(c, b, stretch{from: seconds(10), until: seconds(12.9), end: "the promotion of b"})
		if got := c.answer(); got.Result != tc.want {
			t.Errorf("from %v s after a stall of %d µs: %+v, want %s", tc.from, tc.delay, got, tc.want)
		}
	}
}

// A killed process serves nothing from then on until its next start. Of a pod, the API
// server only says when its object was gone.
func TestTheDeathOfAPodIsNotDated(t *testing.T) {
	for place, want := range map[*results.Kubernetes]results.CheckResult{nil: results.CheckDisagrees, {}: results.CheckUnchecked} {
		b := &results.Bundle{Run: results.Run{
			Environment:  results.Environment{Kubernetes: place},
			Faults:       []results.Fault{{Traits: results.Traits{Takes: results.TakesProcess}, Node: "a", Role: "primary", Injected: seconds(9.9), Proved: seconds(10)}},
			ProbeOutages: []results.Outage{{From: seconds(10.2), To: seconds(13)}},
		}}
		e := &evidence{run: &b.Run, nodes: []*node{{Node: results.Node{Name: "a"}, hasLog: true, whole: true, log: []logLine{{at: seconds(12), what: lineStart}}}}}
		s := &results.Summary{}
		s.Availability.Observed = seconds(30)
		if c := outages(b, s, e); c.Result != want {
			t.Errorf("%+v, want %s", c, want)
		}
	}
}

// A primary that comes back after the load has an outage until the end of the load.
func TestAnOutageThatOutlivesTheLoad(t *testing.T) {
	for shown, want := range map[float64]results.CheckResult{20: results.CheckAgrees, 15: results.CheckDisagrees} {
		b := &results.Bundle{Run: results.Run{
			LoadEnd:      seconds(20),
			Faults:       []results.Fault{{Traits: results.Traits{Takes: results.TakesProcess}, Node: "a", Role: "primary", Injected: seconds(9.9), Proved: seconds(10)}},
			ProbeOutages: []results.Outage{{From: seconds(9.9), To: seconds(shown)}},
		}}
		e := &evidence{run: &b.Run, nodes: []*node{{Node: results.Node{Name: "a"}, hasLog: true, whole: true, log: []logLine{{at: seconds(31), what: lineStart}}}}}
		s := &results.Summary{}
		s.Availability.Observed = seconds(30)
		if c := outages(b, s, e); c.Result != want {
			t.Errorf("until %v s: %+v, want %s", shown, c, want)
		}
	}
}

// A machine that is paused keeps its nodes from serving until it goes on, like a process that is
// stopped; one that is only busy does not.
func TestAPausedMachineKeepsItsNodesAway(t *testing.T) {
	for name, c := range map[string]struct {
		traits results.Traits
		until  float64
		want   bool
	}{
		"paused":         {results.Traits{Takes: results.TakesTime, Deposes: true}, 14, true},
		"until later":    {results.Traits{Takes: results.TakesTime, Deposes: true}, 16, false},
		"a busy machine": {results.Traits{Takes: results.TakesTime}, 14, false},
		"a kubelet":      {results.Traits{Takes: results.TakesKubelet}, 14, false},
	} {
		run := &results.Run{Faults: []results.Fault{{Traits: c.traits, Nodes: []results.Hit{{Node: "b"}, {Node: "a"}}, Injected: seconds(10), Proved: seconds(10.5), Released: seconds(15)}}}
		e := &evidence{run: run, nodes: []*node{{Node: results.Node{Name: "a"}, hasLog: true, whole: true}}}
		if got := e.away("a", seconds(11), seconds(c.until)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
