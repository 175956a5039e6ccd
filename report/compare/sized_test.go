package compare

import (
	"strings"
	"testing"
)

// A search that found no rate that is too high says how many shards are enough, and not how
// many are needed.
func TestSizesOfASearchWithoutAMiss(t *testing.T) {
	for misses, want := range map[float64]string{0: "you need at most 8 shards", 250: "you need 8 shards"} {
		c := Capacity{Answers: []CapacityAnswer{{Shards: 3, Rate: 200, Confirmed: true, Misses: misses}}}
		c.Sized([]float64{500})
		if s := c.Sizes[0]; s.AtMost != (misses == 0) || !strings.HasPrefix(s.String(), want) {
			t.Errorf("missed at %v: %+v, %q", misses, s, s)
		}
	}
}
