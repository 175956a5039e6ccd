package judge

import (
	"testing"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func summary(t *testing.T, b *results.Bundle) *results.Summary {
	t.Helper()
	s, err := Analyze(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// own is a bundle's scenario.
func own(t *testing.T, b *results.Bundle) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse(results.ScenarioFile, b.Scenario)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}
