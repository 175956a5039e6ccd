package workload

import (
	"runtime"
	"testing"

	"github.com/slotstorm/slotstorm/results"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A frame that takes a second between a slice and its sum knows the processors too:
// the report would divide by none.
func TestAFrameBeforeTheSumKnowsTheProcessors(t *testing.T) {
	s := &self{second: map[int]*selfSecond{}}
	s.at(3).record(results.Starved, 0, 1)
	got := s.take(3, map[string]*hdrhistogram.Histogram{})
	if got.Cores != runtime.NumCPU() {
		t.Errorf("%d processors, not %d", got.Cores, runtime.NumCPU())
	}
}
