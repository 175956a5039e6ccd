package workload

import "time"

// schedule gives the intended starts of an open-loop load, as offsets from its
// start, in order. Each is fixed by the seed before anything is sent.
type schedule struct {
	rate    float64 // per second
	poisson bool
	seed    uint64
	length  time.Duration
	index   int64
	at      float64 // seconds; the last arrival of a Poisson process
}

// arrivalStream keeps arrivals and contents apart, so that changing the one does
// not change the other.
const arrivalStream = 0xa5a5_5a5a_0f0f_f0f0

func newSchedule(rate float64, arrival string, seed uint64, length time.Duration) *schedule {
	return &schedule{rate: rate, poisson: arrival == "poisson", seed: seed ^ arrivalStream, length: length}
}

// next is the index and the intended start of the next request; ok is false when
// no more are due.
func (s *schedule) next() (index int64, at time.Duration, ok bool) {
	index = s.index
	s.index++
	if s.poisson {
		d := drawsFor(s.seed, index)
		s.at += d.exponential() / s.rate
		at = time.Duration(s.at * float64(time.Second))
	} else {
		// From the index, not by adding up: no rounding error grows.
		at = time.Duration(float64(index) / s.rate * float64(time.Second))
	}
	return index, at, at < s.length
}
