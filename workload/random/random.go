// Package random is the randomness of the load: counter-based, so that any
// number of generators, in any order, draw the same numbers for the same request.
package random

import (
	"math"
	"math/bits"
)

// Draws is the random source of one request: its numbers depend on the seed and
// the request's index alone.
type Draws struct{ state uint64 }

const golden = 0x9e3779b97f4a7c15 // 2⁶⁴ divided by the golden ratio, odd

// For is the source of a request.
func For(seed uint64, index int64) Draws {
	return Draws{Mix(seed) + Mix(uint64(index)*golden+golden)}
}

// Uint64 is the next number of SplitMix64. Source: Steele, Lea and Flood, 'Fast
// splittable pseudorandom number generators', OOPSLA 2014.
func (d *Draws) Uint64() uint64 {
	d.state += golden
	return Mix(d.state)
}

// Mix is SplitMix64's finalizer, a bijection.
func Mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Float is uniform in [0, 1).
func (d *Draws) Float() float64 { return float64(d.Uint64()>>11) / (1 << 53) }

// Int is uniform in [0, n), for n above 0, with an error below n/2⁶⁴, which no run
// can detect. Source: Lemire, 'Fast random integer generation in an
// interval', ACM TOMACS 29(1), 2019, without the rejection.
func (d *Draws) Int(n int64) int64 {
	hi, _ := bits.Mul64(d.Uint64(), uint64(n))
	return int64(hi)
}

// Exponential has mean 1.
func (d *Draws) Exponential() float64 { return -math.Log1p(-d.Float()) }

// Normal has mean 0 and standard deviation 1, by Box and Muller's transform.
func (d *Draws) Normal() float64 {
	return math.Sqrt(2*d.Exponential()) * math.Cos(2*math.Pi*d.Float())
}

// Shares are cumulative weights, for drawing one of several things.
type Shares []float64

// SharesOf is the cumulative shares of weights.
func SharesOf(weights ...float64) Shares {
	var sum, upTo float64
	for _, w := range weights {
		sum += w
	}
	s := make(Shares, len(weights))
	for i, w := range weights {
		upTo += w / sum
		s[i] = upTo
	}
	s[len(s)-1] = 1 // whatever the rounding
	return s
}

// Pick is the thing that u, from [0, 1), falls on.
func (s Shares) Pick(u float64) int {
	i := 0
	for u >= s[i] {
		i++
	}
	return i
}
