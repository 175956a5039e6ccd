package judge

import (
	"slices"
	"strings"
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

// TestClocksOfNodes: a clock that is not the run's is a warning, and one that is, is none.
func TestClocksOfNodes(t *testing.T) {
	clock := func(offsets ...float64) (list []results.ClockOffset) {
		for _, o := range offsets {
			list = append(list, results.ClockOffset{Offset: fixture.MS(o), Uncertainty: fixture.MS(2)})
		}
		return list
	}
	for want, clocks := range map[string][]results.ClockOffset{
		"": clock(1, -2),
		"the clock of node-0 was 2.00 s ahead of the run's: the times in the logs are corrected, to within 4.00 ms":                        clock(2000, 2000),
		"the clock of node-0 was 1.50 s behind the run's: the times in the logs are corrected, to within 4.00 ms":                          clock(-1500),
		"the clock of node-0 was set during the run, or the node moved to another machine: the times in its log are exact to 3.00 s only":  clock(0, 2998),
		"the clock of node-0 was set during the run, or the node moved to another machine: the times in its log are exact to 62.0 ms only": clock(0, 60),
	} {
		b := fixture.Quiet()
		before := Summary(facts.New(b, fixture.Scenario(t))).Warnings
		b.Run.Nodes[0].Clocks = clocks
		got := Summary(facts.New(b, fixture.Scenario(t))).Warnings
		if b.Run.Nodes[1].Clocks = clocks; len(clocks) == 2 && want != "" && strings.Contains(want, "ahead") {
			both := strings.Replace(want, ":", ", and those of 1 other node were not the run's either:", 1)
			if all := Summary(facts.New(b, fixture.Scenario(t))).Warnings; !slices.Contains(all, both) {
				t.Errorf("warnings are %q, want %q", all, both)
			}
		}
		if want == "" && !slices.Equal(got, before) || want != "" && !slices.Contains(got, want) {
			t.Errorf("warnings are %q, want %q", got, want)
		}
	}
}
