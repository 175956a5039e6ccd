package metrics

import (
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// TestAShardThatIsNotThereHasNoValue: nothing was measured of a shard that the cluster does not
// have, so that no objective about it is met.
func TestAShardThatIsNotThereHasNoValue(t *testing.T) {
	minute := results.DurationOf(time.Minute)
	e := Evidence{
		Run: &results.Run{Shards: []results.Shard{{Index: 0}, {Index: 3}}, Audit: &results.Audit{Writes: 10, OK: 10, ReadBack: 10}},
		Summary: &results.Summary{Availability: results.Availability{
			Observed: minute, Shards: []results.ShardAvailability{{Shard: 0}, {Shard: 3}},
		}},
	}
	there, elsewhere := 3, 99
	for _, m := range All() {
		if !m.ByShard {
			continue
		}
		if got := m.Measure(e, Scope{Shard: &elsewhere}); got.Value != nil || got.Evidence != "there is no shard 99" {
			t.Errorf("%s of shard 99: %+v", m.Name, got)
		}
		if got := m.Measure(e, Scope{Shard: &there}); got.Evidence == "there is no shard 3" {
			t.Errorf("%s of shard 3: %+v", m.Name, got)
		}
	}
}
