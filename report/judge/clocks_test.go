package judge

import (
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

func TestWhatWasOutOfReachIsAWarning(t *testing.T) {
	b := fixture.Quiet()
	b.Events = append(b.Events, results.Event{Offset: fixture.MS(12000), Kind: results.EventOutOfReach, Source: "kubernetes", Message: "the API server did not answer for 20.1 s"})
	want := "at T+7.000 s: the API server did not answer for 20.1 s"
	if got := Summary(facts.New(b, fixture.Scenario(t))).Warnings; !slices.Contains(got, want) {
		t.Errorf("warnings are %q, want %q", got, want)
	}
}

// Outages of a time in which the load could not reach the cluster are none of the cluster: the
// run shows nothing of it.
func TestALoadWithoutAWayIsInconclusive(t *testing.T) {
	b := fixture.Quiet()
	b.Events = append(b.Events, results.Event{Offset: fixture.MS(12000), Lasted: fixture.MS(4000), Kind: results.EventLoadAway, Source: "kubernetes", Message: "the API server did not answer for 4.0 s"})
	s := Summary(facts.New(b, fixture.Scenario(t)))
	want := "from T+7.000 s on, the load could not reach the cluster for 4.00 s: outages that began then are not counted, and figures of this time are not the cluster's"
	if s.Verdict != results.Inconclusive || !slices.Contains(s.Reasons, want) {
		t.Errorf("%s for %q, want %q", s.Verdict, s.Reasons, want)
	}
	b.Events[len(b.Events)-1].Offset = b.Run.LoadEnd + 1
	if s := Summary(facts.New(b, fixture.Scenario(t))); s.Verdict == results.Inconclusive {
		t.Errorf("after the load: %q", s.Reasons)
	}
}
