package facts

import (
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// summary is what the facts of a bundle come to, before they are judged.
func summary(t *testing.T, b *results.Bundle) *results.Summary {
	t.Helper()
	sc, err := ScenarioOf(b)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := New(b, sc).Measured()
	return s
}
