package workload

import (
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

func TestHottestFindsTheSlotThatIsMadeHot(t *testing.T) {
	s, err := scenarios.Parse("test.yaml", []byte(`
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: hot}
workload: {keys: {count: 10000, distribution: uniform, slot: {slot: 4711, share: 0.3}}}
timeline: {phases: [{name: a, duration: 10s}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	slot, share, err := Hottest(&s.Workload, s.Seed, 5*time.Second)
	if err != nil || slot != 4711 || share < 0.28 || share > 0.32 {
		t.Errorf("slot %d with %.3f of the requests, %v; want 4711 with 0.3", slot, share, err)
	}
}
