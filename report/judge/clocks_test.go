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
