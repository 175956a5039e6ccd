package workload

import "math"

// draws is the random source of one request: its numbers depend on the seed and
// the request's index alone, so that any number of generators, in any order,
// make the same requests.
type draws struct{ state uint64 }

const golden = 0x9e3779b97f4a7c15 // 2⁶⁴ divided by the golden ratio, odd

func drawsFor(seed uint64, index int64) draws {
	return draws{mix64(seed) + mix64(uint64(index)*golden+golden)}
}

// Uint64 is the next number of SplitMix64. Source: Steele, Lea and Flood, 'Fast
// splittable pseudorandom number generators', OOPSLA 2014.
func (d *draws) Uint64() uint64 {
	d.state += golden
	return mix64(d.state)
}

func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// float is uniform in [0, 1).
func (d *draws) float() float64 { return float64(d.Uint64()>>11) / (1 << 53) }

// exponential has mean 1.
func (d *draws) exponential() float64 { return -math.Log1p(-d.float()) }
