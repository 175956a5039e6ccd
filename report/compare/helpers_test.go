package compare

import (
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// set is a side of runs whose times are factor times those of others.
func set(t *testing.T, name string, from, n int, factor float64, base func() *results.Bundle, change func(*results.Bundle)) *Runs {
	t.Helper()
	r := NewRuns(name)
	for _, b := range fixture.Nights(from, n, factor, base, change) {
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
