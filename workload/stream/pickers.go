package stream

import (
	"math"
	"math/bits"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/random"
)

// place is the part of a request that decides its key together with its draws.
type place struct {
	index int64
	at    time.Duration
	write bool
}

// picker draws a key's number.
type picker interface {
	pick(d *random.Draws, p place) int64
}

// draw is k.pick(d, p), called in a way that lets d stay on the stack: through the
// interface it would be allocated anew for each request.
func draw(k picker, d *random.Draws, p place) int64 {
	switch k := k.(type) {
	case ranked:
		return k.pick(d, p)
	case *scrambled:
		return k.pick(d, p)
	case *hotSet:
		return k.pick(d, p)
	case *gaussian:
		return k.pick(d, p)
	case *latest:
		return k.pick(d, p)
	case sequential:
		return k.pick(d, p)
	}
	return k.(uniform).pick(d, p)
}

func newPicker(k *scenarios.Keys, seed uint64, writes float64) picker {
	switch k.Distribution {
	case "zipfian":
		z := newZipf(k.Theta, k.Count)
		if k.Scrambled {
			return &scrambled{z, newPermutation(k.Count, seed^random.Mix(uint64(len(k.Prefix))))}
		}
		return ranked{z}
	case "hotset":
		hot := int64(math.Round(k.Hot.Keys * float64(k.Count)))
		return &hotSet{n: k.Count, hot: min(max(hot, 1), k.Count-1), share: k.Hot.Requests, every: k.Hot.Every.Std()}
	case "gaussian":
		return &gaussian{n: float64(k.Count), sigma: k.Sigma * float64(k.Count)}
	case "sequential":
		return sequential(k.Count)
	case "latest":
		return &latest{ranks: newZipf(k.Theta, k.Count), n: k.Count, writes: writes}
	}
	return uniform(k.Count)
}

type uniform int64

func (n uniform) pick(d *random.Draws, _ place) int64 {
	return min(int64(d.Float()*float64(n)), int64(n)-1)
}

// ranked draws the lowest keys most often.
type ranked struct{ ranks *zipf }

func (z ranked) pick(d *random.Draws, _ place) int64 { return z.ranks.rank(d) }

// hotSet gives a share of the requests to hot neighbouring keys, the rest to the
// others, all alike within each. The hot keys move on by their number at intervals.
type hotSet struct {
	n, hot int64
	share  float64
	every  time.Duration
}

func (h *hotSet) pick(d *random.Draws, p place) int64 {
	first := int64(0)
	if h.every > 0 {
		hi, lo := bits.Mul64(uint64(p.at/h.every), uint64(h.hot))
		first = int64(bits.Rem64(hi, lo, uint64(h.n)))
	}
	if d.Float() < h.share {
		return (first + d.Int(h.hot)) % h.n
	}
	return (first + h.hot + d.Int(h.n-h.hot)) % h.n
}

// gaussian is a normal distribution around the middle; draws outside of the key space
// are repeated.
type gaussian struct{ n, sigma float64 }

func (g *gaussian) pick(d *random.Draws, _ place) int64 {
	for {
		if x := g.n/2 + g.sigma*d.Normal(); x >= 0 && x < g.n {
			return int64(x)
		}
	}
}

// sequential goes round the key space by the request's index.
type sequential int64

func (n sequential) pick(_ *random.Draws, p place) int64 { return p.index % int64(n) }

// latest moves its newest key on with the requests: at request i it is i times the
// expected share of writes to the key space. A write goes to the newest key, a read to a
// zipfian rank before it; ranks wrap around the key space. After YCSB's
// SkewedLatestGenerator, which counts the inserts, so that each gets a key of its own. A
// count would depend on all requests before, and so on other generators. Here some keys
// get several writes, and others none: up to 37 % (1/e), where writes are rare.
type latest struct {
	ranks  *zipf
	n      int64
	writes float64
}

func (l *latest) pick(d *random.Draws, p place) int64 {
	newest := int64(float64(p.index)*l.writes) % l.n
	if p.write {
		return newest
	}
	return (newest - l.ranks.rank(d) + l.n) % l.n
}

// scrambled spreads the ranks of a zipfian distribution.
type scrambled struct {
	ranks *zipf
	to    permutation
}

func (s *scrambled) pick(d *random.Draws, _ place) int64 { return s.to.of(s.ranks.rank(d)) }

// permutation is a seeded bijection of 0 to n-1 without a table: rounds of
// multiplication and shift, each a bijection of the next power of two, repeated until
// the result is below n. Source of that walk: Black and Rogaway,
// 'Ciphers with arbitrary finite domains', CT-RSA 2002.
type permutation struct {
	n, mask uint64
	shift   uint
	odd     [3]uint64
	add     [3]uint64
}

func newPermutation(n int64, seed uint64) permutation {
	width := bits.Len64(uint64(n - 1))
	p := permutation{n: uint64(n), mask: 1<<width - 1, shift: uint(width+1) / 2}
	d := random.For(seed, 0)
	for i := range p.odd {
		p.odd[i], p.add[i] = d.Uint64()|1, d.Uint64()
	}
	return p
}

func (p permutation) of(x int64) int64 {
	for z := uint64(x); ; {
		for i := range p.odd {
			z = (z*p.odd[i] + p.add[i]) & p.mask
			z ^= z >> p.shift
		}
		if z < p.n {
			return int64(z)
		}
	}
}
