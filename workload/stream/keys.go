package stream

import (
	"strconv"

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

// typeOf is the type of a name of scenarios.KeyTypes, or of "channel".
func typeOf(name string) keyType {
	for i, n := range scenarios.KeyTypes {
		if n == name {
			return keyType(i)
		}
	}
	return channelKey
}

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

// spot is the drawn key of a request.
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

// set works in place: copying a spot right after its digits were written would make
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

// neighbour is the n-th key after the drawn one, within the keys that share a slot.
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
