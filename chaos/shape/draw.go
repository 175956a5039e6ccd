package shape

import (
	"math"
	"math/rand/v2"
	"time"
)

// latencies draws one latency after the other.
type latencies struct {
	link   Link
	random *rand.Rand
	// last is the normal variate of the packet before.
	last float64
}

func newLatencies(l Link, random *rand.Rand) *latencies {
	return &latencies{link: l, random: random, last: random.NormFloat64()}
}

// next is the latency of the next packet. Correlated latencies keep their
// distribution: a first-order autoregressive series of normal variates is mapped to it
// (a Gaussian copula).
func (d *latencies) next() time.Duration {
	if d.link.Jitter == 0 {
		return d.link.Latency
	}
	c := d.link.Correlation
	d.last = c*d.last + math.Sqrt(1-c*c)*d.random.NormFloat64()
	return max(0, d.link.Latency+time.Duration(float64(d.link.Jitter)*deviation(d.link.Distribution, d.last)))
}

// Moments of a Pareto distribution of shape 3 and scale 1.
const (
	paretoShape = 3
	paretoMean  = 1.5
)

var paretoDeviation = math.Sqrt(0.75)

// deviation maps a standard normal variate to one of the distribution, in units of the
// jitter.
func deviation(d Distribution, z float64) float64 {
	// The share of normal variates above z: exact in the upper tail, where the latencies
	// of a Pareto distribution are long.
	above := math.Erfc(z/math.Sqrt2) / 2
	switch d {
	case Normal:
		return z
	case Pareto:
		return (math.Pow(above, -1.0/paretoShape) - paretoMean) / paretoDeviation
	}
	return 1 - 2*above
}

// losses decides which packets are lost.
type losses struct {
	random *rand.Rand
	// begin and end are the probabilities that a packet is lost after one that arrived,
	// and that one arrives after one that was lost: the two states of Gilbert's model.
	begin, end float64
	losing     bool
}

// newLosses gives the share and the mean length of bursts. Source: E. N. Gilbert,
// 'Capacity of a burst-noise channel' (1960), with no loss in the good state and no
// arrival in the bad one. Independent losses are the case begin = 1 - end.
func newLosses(share, burst float64, random *rand.Rand) *losses {
	switch {
	case burst == 0:
		return &losses{random: random, begin: share, end: 1 - share}
	case share == 0:
		return &losses{random: random, end: 1}
	}
	end := 1 / burst
	return &losses{random: random, begin: share * end / (1 - share), end: end}
}

// next reports whether the next packet is lost.
func (s *losses) next() bool {
	p := s.begin
	if s.losing {
		p = 1 - s.end
	}
	s.losing = s.random.Float64() < p
	return s.losing
}

// least is the shortest latency that can be drawn.
func (l Link) least() time.Duration {
	switch l.Distribution {
	case Normal:
		if l.Jitter > 0 {
			return 0
		}
	case Pareto:
		return max(0, l.Latency-time.Duration(float64(l.Jitter)*(paretoMean-1)/paretoDeviation))
	}
	return max(0, l.Latency-l.Jitter)
}
