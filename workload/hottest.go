package workload

import (
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// hottestSample is the number of requests in which Hottest searches.
const hottestSample = 20_000

// Hottest is the slot with the most requests from an offset of the load on, and its
// share of them. It needs no measurement: the seed decides the requests.
func Hottest(w *scenarios.Workload, seed uint64, at time.Duration) (slot int, share float64, err error) {
	s, err := stream.New(w, seed)
	if err != nil {
		return 0, 0, err
	}
	// Requests of a closed loop, or of a replay, are alike at any time.
	first, _ := w.Due(0, scenarios.Duration(at))
	var counts [resp.Slots]int
	var buf []byte
	for i := range int64(hottestSample) {
		var m stream.Meta
		buf, m = s.Append(buf[:0], int64(first)+i, at)
		if !m.Keyless {
			counts[m.Slot]++
		}
	}
	for i, n := range counts {
		if n > counts[slot] {
			slot = i
		}
	}
	return slot, float64(counts[slot]) / hottestSample, nil
}
