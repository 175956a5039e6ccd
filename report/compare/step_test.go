package compare

import (
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
)

// TestAStepWithoutAMeasurementMeetsNothing: an objective of which nothing was measured is not
// met.
func TestAStepWithoutAMeasurementMeetsNothing(t *testing.T) {
	for objective, want := range map[string]CapacityOutcome{
		"{metric: response.p50, command: GET, max: 20ms}": Meets,
		"{metric: response.p50, command: GET, max: 1us}":  Misses,
		"{metric: failover.server, max: 6s}":              Told,
	} {
		b := fixture.Quiet()
		text := string(b.Scenario)
		b.Scenario = []byte(strings.ReplaceAll(text[:strings.Index(text, "  faults:")], "steady", HoldPhase) + "objectives:\n  - " + objective + "\n")
		for i := range b.Run.Phases {
			if b.Run.Phases[i].Name == "steady" {
				b.Run.Phases[i].Name = HoldPhase
			}
		}
		b.Run.HealthyBefore, b.Run.Faults = true, nil
		step, err := JudgeStep(b, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if step.Outcome != want || (want == Told) != strings.Contains(step.Why, "an objective was not measured: ") {
			t.Errorf("%s: %+v, want %s", objective, step, want)
		}
	}
}
