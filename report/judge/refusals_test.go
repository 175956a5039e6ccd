package judge

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// TestRefusalsExplainAFailover: the new primary refused writes for 16 s, for lack of
// a replica in sync.
func TestRefusalsExplainAFailover(t *testing.T) {
	b := fixture.Refused("NOREPLICAS", 16000)
	sc := fixture.Scenario(t)
	atLeast1(sc)
	s := Summary(facts.New(b, sc))
	f := s.Failovers[0]
	if want := "node-3 refused writes for 16.0 s after its promotion: NOREPLICAS (it had fewer replicas in sync than min-replicas-to-write, which is 1)"; !strings.Contains(f.Note, want) || strings.Contains(f.Note, "unexplained") {
		t.Errorf("note %q, want %q", f.Note, want)
	}
	if f.Server != fixture.MS(19004) || f.Outage != fixture.MS(19007) {
		t.Errorf("server %s, outage %s", f.Server, f.Outage)
	}
}

// TestAPrimaryThatIsBackAndRefuses: nothing took over, and the outage went on.
func TestAPrimaryThatIsBackAndRefuses(t *testing.T) {
	b := cameBackEarly()
	b.Run.ProbeOutages[0].To = fixture.MS(fixture.Injected + 8000)
	b.Run.ProbeOutages[0].Refusals = []results.Refusal{{Node: "node-0", Class: "LOADING", Count: 1400, From: fixture.MS(fixture.Injected + 900), To: fixture.MS(fixture.Injected + 7990)}}
	f := summary(t, b).Failovers[0]
	if want := "; node-0 refused writes for 7.09 s after it was back: LOADING (it loaded its data)"; !strings.Contains(f.Note, want) {
		t.Errorf("note %q, want %q", f.Note, want)
	}
}

// TestShardsThatNeverTookAWrite are down from the first second to the last.
func TestShardsThatNeverTookAWrite(t *testing.T) {
	b := fixture.Quiet()
	for shard := range 3 {
		b.Run.ProbeOutages = append(b.Run.ProbeOutages, results.Outage{
			Shard: shard, From: fixture.MS(2001), To: fixture.MS(40000), Open: true, Errors: map[string]int{"NOREPLICAS": 7600},
			Refusals: []results.Refusal{{Node: b.Run.Shards[shard].Primary, Class: "NOREPLICAS", Count: 7600, From: fixture.MS(2006), To: fixture.MS(39998)}},
		})
	}
	sc := fixture.Scenario(t)
	sc.Redis.Config["min-replicas-to-write"] = "2"
	s := Summary(facts.New(b, sc))
	if s.Availability.All != s.Availability.Observed || s.Availability.Any != s.Availability.Observed {
		t.Errorf("availability %+v", s.Availability)
	}
	for _, o := range s.Objectives {
		if o.Metric == "outage.shard" && (o.Result != results.Fail || !strings.HasSuffix(o.Evidence, "errors meanwhile: NOREPLICAS 22,800")) {
			t.Errorf("objective %+v", o)
		}
	}
	if s.Verdict != results.Fail {
		t.Errorf("verdict %s", s.Verdict)
	}
	if list := foundBy(t, "too-few-replicas", b, nil); len(list) != 1 || len(list[0].Evidence) != 6 || list[0].Evidence[5] != "the shards of node-0, node-1, node-2 had 1 replica each" {
		t.Errorf("findings %+v", list)
	}
}
