package audit

import (
	"strconv"

	"github.com/slotstorm/slotstorm/results"
)

// judgeCounter judges a key of which each write is an INCR. Going back from the
// value that it held in the end, an acknowledged increment belongs to that
// value if what it was answered is below all that came after it; one that was
// answered more was counted on a branch that is gone.
//
// Then, forward: from one increment that is left to the next, the value grew by
// one, and by those in between that had no answer. What it grew beyond that was
// counted twice.
func (h *history) judgeCounter(f *fates) {
	final := int64(0)
	if v := h.final.Value; v != nil {
		n, err := strconv.ParseInt(*v, 10, 64)
		if err != nil || n < 0 {
			h.phantom(f, *v)
			return
		}
		final = n
	}
	replies := make([]int64, len(h.writes))
	stays := make([]bool, len(h.writes))
	below := final
	for i := len(h.writes) - 1; i >= 0; i-- {
		if !h.is(i, results.OK) {
			continue
		}
		n, err := strconv.ParseInt(h.writes[i].Reply, 10, 64)
		if err != nil || n < 1 {
			// An answer that no counter gives.
			f.find(results.ClassPhantom, h.writes[i]).Read = h.writes[i].Reply
			continue
		}
		replies[i] = n
		if n > below {
			f.lose(h, i, strconv.FormatInt(final, 10))
			continue
		}
		stays[i] = true
		below = n - 1
	}
	value, open, last := int64(0), int64(0), -1
	grow := func(to int64, own int64, i int) {
		extra := to - value - own
		used := min(max(extra, 0), open)
		open -= used
		f.unknownKept += int(used)
		if extra -= used; extra > 0 && i >= 0 {
			h.repeated(f, i, int(min(extra, 1<<30)))
		}
		value = to
	}
	for i := range h.writes {
		switch {
		case stays[i]:
			grow(replies[i], 1, i)
			last = i
		case h.unknown(i):
			open++
		}
	}
	if h.cut {
		return // writes without a record may have counted on
	}
	if last < 0 {
		last = len(h.writes) - 1
	}
	grow(final, 0, last)
}
