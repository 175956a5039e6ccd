package site

import (
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Kubernetes ends pods that are older than their life: those of a run that fills its
// cluster for an hour must not be.
func TestPodsOutliveAPrefill(t *testing.T) {
	s := &scenarios.Scenario{}
	short := podLife(s)
	s.Workload.Prefill = &scenarios.Prefill{}
	if long := podLife(s); long < short+prefillLife {
		t.Errorf("pods live %v with a prefill and %v without", long, short)
	}
}
