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
		"{metric: failover.server, max: 6s}":              Unanswered,
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
		if step.Outcome != want || (want == Unanswered) != strings.Contains(step.Why, "an objective was not measured: ") {
			t.Errorf("%s: %+v, want %s", objective, step, want)
		}
	}
}

// TestAnswerBlamesOnlyWhatWasSeen: a search that ended at runs without an answer names the load
// generator only where it was the limit.
func TestAnswerBlamesOnlyWhatWasSeen(t *testing.T) {
	met := CapacityStep{Rate: 1000, Outcome: Meets}
	late := CapacityStep{Rate: 2000, Outcome: Saturated, Why: "generator 0 was late"}
	away := CapacityStep{Rate: 2000, Outcome: Unanswered, Why: "the primary was not away while the rate was held"}
	higher := CapacityStep{Rate: 4000, Outcome: Saturated, Why: late.Why}
	lower := CapacityStep{Rate: 500, Outcome: Unanswered, Why: "no request was answered"}
	for want, steps := range map[string][]CapacityStep{
		"the load generator: the cluster may carry more":                                                   {met, late, late, late, met},
		"runs that gave no answer: the primary was not away while the rate was held; generator 0 was late": {met, away, late, away},
		"runs that gave no answer: the primary was not away while the rate was held":                       {higher, higher, higher, met, away, away, away, met},
		"runs that gave no answer: no request was answered":                                                {away, away, away, lower, lower, lower},
	} {
		if got := NoAnswer(steps); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
