package stream

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/random"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// keyType is a type of key. Keys of different types have different names, so
// that no command meets data of another type.
type keyType int

// The types are those of scenarios.KeyTypes, in their order, and channels.
const (
	stringKey keyType = iota
	counterKey
	hashKey
	listKey
	zsetKey
	setKey
	streamKey
	otherKey
	channelKey
	keyTypes
)

// infixes stand between a key's prefix and its number.
var infixes = [keyTypes]string{"", "n:", "h:", "l:", "z:", "s:", "x:", "o:", "c:"}

// space is a key space ready for drawing.
type space struct {
	count    int64
	keys     picker
	elements int64
	tag      int64 // keys that share a hash tag; 0 is none
	fixed    bool  // the prefix has a hash tag of its own
	heads    [keyTypes]head
	// hot is the share of requests to hotSlot, whose keys have the tag hotTag.
	hot     float64
	hotSlot int
	hotTag  string
}

// head is the start of a key's name, and the state of its checksum behind it.
type head struct {
	text string
	crc  uint16
}

func newSpace(k scenarios.Keys, seed uint64, writes float64) *space {
	s := &space{count: k.Count, keys: newPicker(&k, seed, writes), elements: int64(max(k.Elements, 1)), tag: k.Tag}
	for t, infix := range infixes {
		text := k.Prefix + infix
		s.heads[t] = head{text, resp.CRC(0, []byte(text))}
	}
	if tag := resp.HashTag([]byte(k.Prefix)); len(tag) < len(k.Prefix) {
		s.fixed = true
		for t := range s.heads {
			s.heads[t].crc = resp.CRC(0, tag)
		}
	}
	if k.Slot != nil {
		s.hot, s.hotSlot, s.hotTag = k.Slot.Share, k.Slot.Slot, tagFor(k.Slot.Slot)
	}
	return s
}

// tagFor is a hash tag whose slot is the given one: the first number of those
// from 0 that has it.
func tagFor(slot int) string {
	for i := int64(0); ; i++ {
		if tag := strconv.FormatInt(i, 36); int(resp.Slot([]byte(tag))) == slot {
			return tag
		}
	}
}

// place is what of a request, besides its draws, decides its key.
type place struct {
	index int64
	at    time.Duration
	write bool
}

// spot is the key that a request drew.
type spot struct {
	*space
	key int64
	hot bool
	// digits[:n] is key in decimal.
	digits [20]byte
	n      int
}

// pick draws a key from a space.
func (s *spot) pick(from *space, d *random.Draws, p place) {
	hot := from.hot > 0 && d.Float() < from.hot
	s.set(from, draw(from.keys, d, p), hot)
}

// set is in place: a spot that is copied right after its digits were written makes
// the processor wait for them.
func (s *spot) set(from *space, key int64, hot bool) {
	s.space, s.key, s.hot = from, key, hot
	s.n = len(strconv.AppendInt(s.digits[:0], key, 10))
}

// slot is that of the spot's key of a type, and of all its neighbours.
func (s *spot) slot(t keyType) int {
	switch {
	case s.hot:
		return s.hotSlot
	case s.fixed:
		return int(s.heads[t].crc) % resp.Slots
	case s.tag > 0:
		var digits [20]byte
		return int(resp.Slot(strconv.AppendInt(digits[:0], s.key/s.tag, 10)))
	}
	return int(resp.CRC(s.heads[t].crc, s.digits[:s.n])) % resp.Slots
}

// neighbour is the key so many further on within the keys that share a slot.
func (s *spot) neighbour(n int64) int64 {
	if n == 0 {
		return s.key
	}
	first, size := int64(0), s.count
	if s.tag > 0 && !s.hot && !s.fixed {
		first = s.key / s.tag * s.tag
		size = min(s.tag, s.count-first)
	}
	return first + (s.key-first+n)%size
}

// appendName appends the name of a neighbour of a type.
func (s *spot) appendName(b []byte, t keyType, n int64) []byte {
	b = append(b, s.heads[t].text...)
	key := s.key
	if n > 0 {
		key = s.neighbour(n)
	}
	switch {
	case s.hot:
		b = append(append(append(b, '{'), s.hotTag...), '}', ':')
	case s.tag > 0 && !s.fixed:
		b = append(strconv.AppendInt(append(b, '{'), key/s.tag, 10), '}', ':')
	}
	if n > 0 {
		return strconv.AppendInt(b, key, 10)
	}
	return append(b, s.digits[:s.n]...)
}

// picker draws a key's number.
type picker interface {
	pick(d *random.Draws, p place) int64
}

// draw is k.pick(d, p), called in a way that lets d stay on the stack: through the
// interface it would be allocated anew for each request.
func draw(k picker, d *random.Draws, p place) int64 {
	switch k := k.(type) {
	case *zipf:
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
		return z
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

// hotSet gives a share of the requests to hot neighbouring keys, the rest to the
// others, all alike within each. It moves on by its size every so often.
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

// gaussian is a normal distribution around the middle, without what falls beside
// the key space.
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

// latest has its newest key move on with the writes: at request i it is i times
// the share of writes, which is where it would be on average had each write so
// far added a key. A write goes there, a read a zipfian rank before it, around
// the end of the key space. After YCSB's SkewedLatestGenerator, which counts the
// inserts; a count would depend on the order in which generators send.
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
	return (newest - l.ranks.pick(d, p) + l.n) % l.n
}

// scrambled spreads the ranks of a zipfian distribution.
type scrambled struct {
	ranks *zipf
	to    permutation
}

func (s *scrambled) pick(d *random.Draws, p place) int64 { return s.to.of(s.ranks.pick(d, p)) }

// permutation is a seeded bijection of 0 to n-1 without a table: rounds of
// multiplication and shift, each a bijection of the next power of two, again and
// again until the result is below n. Source of that walk: Black and Rogaway,
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

// typeOf is the type of a name of scenarios.KeyTypes, or of "channel".
func typeOf(name string) keyType {
	for i, n := range scenarios.KeyTypes {
		if n == name {
			return keyType(i)
		}
	}
	return channelKey
}

// upper is the command of a template, in upper case.
func upper(args [][]scenarios.Piece) string { return strings.ToUpper(args[0][0].Text) }
