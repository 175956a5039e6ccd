package facts

import (
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

func TestFailoverSteps(t *testing.T) {
	s := summary(t, fixture.Killed())
	if len(s.Failovers) != 1 {
		t.Fatalf("%d failovers, want 1", len(s.Failovers))
	}
	f := s.Failovers[0]
	want := []results.Step{
		{Name: results.StepPFail, At: fixture.MS(2308), Took: fixture.MS(2308), Uncertainty: fixture.MS(20), Source: "poll"},
		{Name: results.StepFail, At: fixture.MS(2350), Took: fixture.MS(42), Uncertainty: fixture.MS(1), Source: "log"},
		{Name: results.StepElection, At: fixture.MS(2993), Took: fixture.MS(643), Uncertainty: fixture.MS(1), Source: "log"},
		{Name: results.StepPromoted, At: fixture.MS(2999), Took: fixture.MS(6), Uncertainty: fixture.MS(1), Source: "log"},
		{Name: results.StepProbe, At: fixture.MS(3004), Took: fixture.MS(5), Uncertainty: fixture.MS(5), Source: "probe"},
		{Name: results.StepClient, At: fixture.MS(4248), Took: fixture.MS(1244), Uncertainty: fixture.MS(4), Source: "client"},
		{Name: results.StepSynced, At: fixture.MS(7398), Took: fixture.MS(3150), Uncertainty: fixture.MS(20), Source: "poll"},
	}
	if !slices.Equal(f.Steps, want) {
		t.Errorf("steps\n%+v, want\n%+v", f.Steps, want)
	}
	if f.From != "node-0" || f.To != "node-3" || !f.Complete || f.Note != "" {
		t.Errorf("from %s to %s, complete %v, note %q", f.From, f.To, f.Complete, f.Note)
	}
	if f.Server != fixture.MS(3004) || f.Client != fixture.MS(4248) || f.Synced != fixture.MS(7398) || f.Outage != fixture.MS(3007) {
		t.Errorf("server %s, client %s, synced %s, outage %s", f.Server, f.Client, f.Synced, f.Outage)
	}
	// 2 s + 612 ms; 3 s + 1 s of gossip + 612 ms + 400 ms of cron + 5 ms of probe.
	if f.PredictedMin != fixture.MS(2612) || f.PredictedMax != fixture.MS(5017) {
		t.Errorf("predicted %s to %s", f.PredictedMin, f.PredictedMax)
	}
	if f.ElectionDelay == nil || *f.ElectionDelay != fixture.MS(612) || f.Rank == nil || *f.Rank != 0 {
		t.Errorf("delay %v, rank %v", f.ElectionDelay, f.Rank)
	}
}

// TestFailoverOnlyOfPrimaries leaves replicas and planned faults alone, and
// counts no failover where the primary came back.
func TestFailoverOnlyOfPrimaries(t *testing.T) {
	b := fixture.Killed()
	b.Run.Faults[0].Node, b.Run.Faults[0].Role = "node-3", "replica"
	b.Events, b.Run.ProbeOutages, b.Run.ClientOutages = nil, nil, nil
	if n := len(summary(t, b).Failovers); n != 0 {
		t.Errorf("the kill of a replica gives %d failovers", n)
	}
	b = fixture.Killed()
	b.Events = b.Events[:2]
	b.Run.ProbeOutages = []results.Outage{{Shard: 0, From: fixture.MS(14999), To: fixture.MS(15900), Node: "node-0"}}
	s := summary(t, b)
	for _, o := range s.Objectives {
		if o.Metric == "failovers" && (o.Value == nil || *o.Value != 0 || o.Result != results.Fail) {
			t.Errorf("failovers: %+v", o)
		}
		if o.Metric == "failover.server" && o.Result != results.Inconclusive {
			t.Errorf("failover.server without a failover: %+v", o)
		}
	}
}

func TestDistribution(t *testing.T) {
	if d := distribution([]results.Duration{fixture.MS(5)}); d != nil {
		t.Errorf("one value has the distribution %+v", d)
	}
	// The 95 % interval of a median of 10 goes from the 2nd to the 9th value.
	var sample []results.Duration
	for _, v := range []float64{7, 3, 10, 1, 9, 2, 8, 4, 6, 5} {
		sample = append(sample, fixture.MS(v))
	}
	d := distribution(sample)
	if d.Median != fixture.MS(5.5) || d.Mean != fixture.MS(5.5) || d.Low != fixture.MS(2) || d.High != fixture.MS(9) || d.Confidence < 0.95 || d.Confidence > 0.99 {
		t.Errorf("distribution of 1 to 10: %+v", d)
	}
	if sample[0] != fixture.MS(7) {
		t.Error("the sample was sorted in place")
	}
}

// A fault that took no process, because Kubernetes refused it or because it stops only a kubelet,
// explains no takeover, and none is expected of it.
func TestAFaultThatTookNothingIsNoStrike(t *testing.T) {
	for name, spare := range map[string]func(*results.Fault){
		"refused":  func(f *results.Fault) { f.Refused = "the budget allows none" },
		"kubelet":  func(f *results.Fault) { f.Traits = results.Traits{Takes: results.TakesKubelet, Lasts: true} },
		"as it is": func(*results.Fault) {},
	} {
		b := fixture.Killed()
		spare(&b.Run.Faults[0])
		acted := name == "as it is"
		if list := summary(t, b).Failovers; len(list) != 1 || (list[0].Fault != "") != acted {
			t.Errorf("%s: the takeover is explained: %+v", name, list)
		}
		b.Events, b.Run.ProbeOutages, b.Run.ClientOutages = nil, nil, nil
		if list := summary(t, b).Failovers; (len(list) == 1) != acted {
			t.Errorf("%s, without a takeover: %+v", name, list)
		}
	}
}
