package compare

import (
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// set is a side of these runs.
func set(t *testing.T, name string, bundles []*results.Bundle) *Runs {
	t.Helper()
	r := NewRuns(name)
	for _, b := range bundles {
		if err := r.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func find(t *testing.T, c *Comparison, name string) FigureDelta {
	t.Helper()
	i := slices.IndexFunc(c.Figures, func(d FigureDelta) bool { return d.String() == name })
	if i < 0 {
		t.Fatalf("there is no %s", name)
	}
	return c.Figures[i]
}
