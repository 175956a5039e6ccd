package explore

import (
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/internal/explore/grammar"
)

// Combinations that cannot occur are no part of the coverage.
func TestCellsCanOccur(t *testing.T) {
	r := grammar.Radius{Faults: grammar.Kinds(), Roles: grammar.Roles, Steps: 2}
	for _, tc := range []struct {
		nodes      int
		kind, role string
		want       bool
	}{
		{6, "reshard", "primary", true}, {6, "reshard", "replica", false}, {6, "failover", "replica", true}, {6, "failover", "primary", false},
		{6, "kill", "replica", true}, {5, "kill", "replica", false}, {3, "kill", "primary", true},
	} {
		r.Nodes = tc.nodes
		got := slices.ContainsFunc(NewCoverage(r).Cells, func(c CellCount) bool { return c.Fault == tc.kind && c.Role == tc.role })
		if got != tc.want {
			t.Errorf("%+v: %v", tc, got)
		}
	}
}
