package wire

import (
	"strconv"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// tabled is the largest key space that is encoded in advance. Beyond it a table
// falls out of the processor's caches and looking up costs more than computing.
const tabled = 1 << 14

// Keys encodes the keys prefix+"0" to prefix+(count-1) and knows their slots. It
// may be used from many goroutines.
type Keys struct {
	prefix []byte
	crc    uint16 // of the prefix
	tagged bool   // the prefix holds the whole hash tag
	slot   uint16 // then the slot of all keys

	encoded []byte
	ends    []uint32
	slots   []uint16
}

// NewKeys prepares count keys.
func NewKeys(prefix string, count int64) *Keys {
	k := &Keys{prefix: []byte(prefix)}
	k.crc = resp.CRC(0, k.prefix)
	// Digits end no tag that the prefix has opened, so it holds a whole one or the
	// whole key is hashed.
	k.tagged = len(resp.HashTag(k.prefix)) != len(k.prefix)
	k.slot = resp.Slot(k.prefix)
	if count > tabled {
		return k
	}
	ends, slots := make([]uint32, 0, count), make([]uint16, 0, count)
	var encoded []byte
	for i := range count {
		var slot uint16
		encoded, slot = k.compute(encoded, i)
		ends, slots = append(ends, uint32(len(encoded))), append(slots, slot)
	}
	k.encoded, k.ends, k.slots = encoded, ends, slots
	return k
}

// AppendBulk appends key i as one argument of a command, and returns its slot.
func (k *Keys) AppendBulk(dst []byte, i int64) ([]byte, uint16) {
	if i >= int64(len(k.ends)) {
		return k.compute(dst, i)
	}
	from := uint32(0)
	if i > 0 {
		from = k.ends[i-1]
	}
	return append(dst, k.encoded[from:k.ends[i]]...), k.slots[i]
}

func (k *Keys) compute(dst []byte, i int64) ([]byte, uint16) {
	var room [20]byte
	digits := strconv.AppendInt(room[:0], i, 10)
	dst = append(dst, '$')
	dst = strconv.AppendInt(dst, int64(len(k.prefix)+len(digits)), 10)
	dst = append(dst, '\r', '\n')
	dst = append(dst, k.prefix...)
	dst = append(dst, digits...)
	dst = append(dst, '\r', '\n')
	if k.tagged {
		return dst, k.slot
	}
	return dst, resp.CRC(k.crc, digits) % resp.Slots
}
