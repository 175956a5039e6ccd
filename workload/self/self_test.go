package self

import (
	"runtime"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
)

// A frame that takes a second between a slice and its sum knows the processors too:
// the report would divide by none.
func TestAFrameBeforeTheSumKnowsTheProcessors(t *testing.T) {
	s := New()
	s.at(3).record(results.Starved, 0, 1)
	got := s.Take(3, map[string]*hdrhistogram.Histogram{})
	if got.Cores != runtime.NumCPU() {
		t.Errorf("%d processors, not %d", got.Cores, runtime.NumCPU())
	}
}
