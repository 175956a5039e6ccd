package facts

import (
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// A failover is a false one unless something took the node away, or it was asked for.
func TestFalseFailovers(t *testing.T) {
	of := func(f results.Traits) *Cause { return &Cause{Fault: &results.Fault{Traits: f}} }
	for _, tc := range []struct {
		name  string
		cause *Cause
		false bool
	}{
		{"no cause", nil, true},
		{"a slow network", of(results.Traits{Takes: results.TakesNetwork, Lasts: true}), true},
		{"a crash", of(results.Traits{Takes: results.TakesProcess, Deposes: true}), false},
		{"a partition", of(results.Traits{Takes: results.TakesNetwork, Lasts: true, Disconnects: true}), false},
		{"an upgrade", &Cause{Step: &results.UpgradeStep{}}, false},
	} {
		if got := (Takeover{Cause: tc.cause}).falsely(); got != tc.false {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}
