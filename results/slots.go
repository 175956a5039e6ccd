package results

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// slotCount is the number of hash slots. Source: Redis Cluster specification.
const slotCount = 16384

// SlotRange is a range of slots, both ends included.
type SlotRange struct{ First, Last int }

// Slots is a set of slots: ranges in order that do not touch. It is written as CLUSTER
// NODES writes it: "0-5460 5462".
type Slots []SlotRange

// SlotsOf is the set of the ranges, which may be in any order and overlap.
func SlotsOf(ranges ...SlotRange) Slots {
	list := slices.Clone(ranges)
	slices.SortFunc(list, func(a, b SlotRange) int { return a.First - b.First })
	var out Slots
	for _, r := range list {
		if n := len(out); n > 0 && r.First <= out[n-1].Last+1 {
			out[n-1].Last = max(out[n-1].Last, r.Last)
			continue
		}
		out = append(out, r)
	}
	return out
}

// ParseSlots reads what String writes.
func ParseSlots(text string) (Slots, error) {
	var list []SlotRange
	for word := range strings.FieldsSeq(text) {
		from, to, ok := strings.Cut(word, "-")
		if !ok {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || first < 0 || last < first || last >= slotCount {
			return nil, fmt.Errorf("%.40q is no range of slots", word)
		}
		list = append(list, SlotRange{first, last})
	}
	return SlotsOf(list...), nil
}

// String is the set as CLUSTER NODES writes it.
func (s Slots) String() string {
	words := make([]string, len(s))
	for i, r := range s {
		words[i] = strconv.Itoa(r.First)
		if r.Last > r.First {
			words[i] += "-" + strconv.Itoa(r.Last)
		}
	}
	return strings.Join(words, " ")
}

// MarshalText is String.
func (s Slots) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is ParseSlots.
func (s *Slots) UnmarshalText(b []byte) (err error) {
	*s, err = ParseSlots(string(b))
	return err
}

// Count is the number of slots.
func (s Slots) Count() int {
	n := 0
	for _, r := range s {
		n += r.Last - r.First + 1
	}
	return n
}

// Last are the last n slots of the set.
func (s Slots) Last(n int) Slots {
	var out Slots
	for i := len(s) - 1; i >= 0 && n > 0; i-- {
		r := s[i]
		r.First = max(r.First, r.Last-n+1)
		n -= r.Last - r.First + 1
		out = append(out, r)
	}
	slices.Reverse(out)
	return out
}

// Parts are n consecutive parts of the set, as equal as they can be.
func (s Slots) Parts(n int) []Slots {
	list, left, all := make([]Slots, n), s, s.Count()
	for i := range list {
		after := all - (i+1)*all/n
		rest := left.Last(after)
		list[i], left = left.Minus(rest), rest
	}
	return list
}

// Has reports whether a slot is in the set.
func (s Slots) Has(slot int) bool {
	return slices.ContainsFunc(s, func(r SlotRange) bool { return r.First <= slot && slot <= r.Last })
}

// Plus are the slots of either set.
func (s Slots) Plus(other Slots) Slots { return SlotsOf(slices.Concat(s, other)...) }

// And are the slots of both sets.
func (s Slots) And(other Slots) Slots {
	var out Slots
	for a, b := s, other; len(a) > 0 && len(b) > 0; {
		if r := (SlotRange{max(a[0].First, b[0].First), min(a[0].Last, b[0].Last)}); r.First <= r.Last {
			out = append(out, r)
		}
		if a[0].Last < b[0].Last {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// Minus are the slots of s that the other set does not have.
func (s Slots) Minus(other Slots) Slots {
	var out Slots
	for _, r := range s {
		for _, o := range other {
			if o.Last < r.First {
				continue
			}
			if o.First > r.Last {
				break
			}
			if o.First > r.First {
				out = append(out, SlotRange{r.First, o.First - 1})
			}
			r.First = o.Last + 1
		}
		if r.First <= r.Last {
			out = append(out, r)
		}
	}
	return out
}
