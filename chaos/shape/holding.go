package shape

import "time"

// held is a packet that waits until it is due.
type held struct {
	due   time.Time
	order uint64
	queue uint16
	id    uint32
	bytes int
}

// before orders packets by their due time, and those due at once as they came.
func (h held) before(o held) bool {
	if h.due.Equal(o.due) {
		return h.order < o.order
	}
	return h.due.Before(o.due)
}

// holding are the packets that wait: a binary heap. container/heap would allocate for
// each packet.
type holding struct {
	list  []held
	count uint64
}

// add has a packet wait.
func (h *holding) add(p held) {
	h.count++
	p.order = h.count
	h.list = append(h.list, p)
	for i := len(h.list) - 1; i > 0; {
		above := (i - 1) / 2
		if !h.list[i].before(h.list[above]) {
			return
		}
		h.list[i], h.list[above] = h.list[above], h.list[i]
		i = above
	}
}

// next is when the first packet is due; false if none waits.
func (h *holding) next() (time.Time, bool) {
	if len(h.list) == 0 {
		return time.Time{}, false
	}
	return h.list[0].due, true
}

// take takes the first packet, if it is due.
func (h *holding) take(now time.Time) (held, bool) {
	if len(h.list) == 0 || h.list[0].due.After(now) {
		return held{}, false
	}
	first, last := h.list[0], len(h.list)-1
	h.list[0] = h.list[last]
	h.list[last] = held{}
	h.list = h.list[:last]
	for i := 0; ; {
		least := i
		for _, below := range []int{2*i + 1, 2*i + 2} {
			if below < last && h.list[below].before(h.list[least]) {
				least = below
			}
		}
		if least == i {
			return first, true
		}
		h.list[i], h.list[least] = h.list[least], h.list[i]
		i = least
	}
}
