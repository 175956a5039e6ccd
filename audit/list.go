package audit

import (
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// judgeList judges a key of which each write is an RPUSH of an element of its
// own: the list at the end shows what became of each.
func (h *history) judgeList(f *fates) {
	index := h.byValue()
	times := make([]int, len(h.writes))
	var order []int // of the first appearances
	for _, e := range h.final.Elements {
		i, ok := index[e]
		if !ok && h.cut {
			continue // a write without a record may have added it
		}
		if !ok {
			f.find(results.ClassPhantom, h.writes[len(h.writes)-1]).Read = e
			continue
		}
		if times[i]++; times[i] == 1 {
			order = append(order, i)
		}
	}
	read := strings.Join(h.final.Elements[max(0, len(h.final.Elements)-1):], "")
	for i, w := range h.writes {
		switch {
		case times[i] == 0 && h.is(i, results.OK):
			f.lose(h, i, read)
		case times[i] > 0 && h.is(i, results.Failed):
			f.find(results.ClassFailedKept, w).Read = w.Value
		case times[i] > 0 && h.unknown(i):
			f.unknownKept++
		}
		if times[i] > 1 {
			h.repeated(f, i, times[i]-1)
		}
	}
	h.judgeOrder(f, order)
}

// judgeOrder finds elements that stand before one which was acknowledged before
// they were sent. Of acknowledged elements it names as few as possible: those
// outside of a longest run in the right order.
func (h *history) judgeOrder(f *fates, order []int) {
	var known []int
	for _, i := range order {
		if h.is(i, results.OK) {
			known = append(known, i)
		}
	}
	right := h.longestRun(known)
	// The least moment of acknowledgement among the elements behind.
	earliest := results.Duration(1<<63 - 1)
	var wrong []int
	for _, i := range slices.Backward(order) {
		w := h.writes[i]
		if h.is(i, results.OK) {
			if !right[i] {
				wrong = append(wrong, i)
				continue
			}
			earliest = min(earliest, w.Done)
		} else if w.Sent > earliest {
			wrong = append(wrong, i)
		}
	}
	slices.Sort(wrong)
	for _, i := range wrong {
		f.find(results.ClassReordered, h.writes[i])
	}
}

// longestRun is a longest part of list in which no element stands before one
// that was acknowledged before it was sent. Quadratic: an audited list is short.
func (h *history) longestRun(list []int) map[int]bool {
	n := len(list)
	length, before := make([]int, n), make([]int, n)
	best := -1
	for i := range list {
		length[i], before[i] = 1, -1
		for j := range i {
			if fits := h.writes[list[j]].Sent <= h.writes[list[i]].Done; fits && length[j]+1 > length[i] {
				length[i], before[i] = length[j]+1, j
			}
		}
		if best < 0 || length[i] > length[best] {
			best = i
		}
	}
	run := map[int]bool{}
	for ; best >= 0; best = before[best] {
		run[list[best]] = true
	}
	return run
}
