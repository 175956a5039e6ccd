package audit

import (
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// lineage is what a key that holds one value went through: each write replaced
// another one, its parent, or the empty key. Where values were lost it branches.
type lineage struct {
	h     *history
	index map[string]int
	// parent of each write that took effect, or may have.
	parent map[int]int
	// guessed are the writes whose parents are not known.
	guessed map[int]bool
	// top is the last write that was answered.
	top int
}

// place puts a value that was seen into the lineage, and gives its write. One
// that was never answered is taken to have replaced the last that was: then it
// covered it, and nothing is called lost for its sake.
func (l *lineage) place(value string) (int, bool) {
	if value == "" {
		return none, true
	}
	i, ok := l.index[value]
	if !ok {
		return none, false
	}
	if _, placed := l.parent[i]; !placed {
		l.parent[i], l.guessed[i] = l.top, true
	}
	return i, true
}

// judgeRegister judges a key that holds one value. A register's writes show which
// value they replaced, so that the way from the value in the end back to the
// empty key is known; acknowledged writes beside this way are lost. A key that is
// written once has a way of one step.
func (h *history) judgeRegister(f *fates) {
	l := lineage{h: h, index: h.byValue(), parent: map[int]int{}, guessed: map[int]bool{}, top: none}
	for i, w := range h.writes {
		if !h.is(i, results.OK) {
			continue
		}
		before, known := l.top, false
		if h.kind == results.KindRegister {
			if before, known = l.place(w.Reply); !known {
				f.find(results.ClassPhantom, w).Read = w.Reply
				before = l.top
			}
		}
		l.parent[i], l.guessed[i] = before, !known
		l.top = i
	}
	final := ""
	if h.final.Value != nil {
		final = *h.final.Value
	}
	end, ok := l.place(final)
	if !ok && h.cut {
		return // a write without a record may have left it
	}
	if !ok {
		h.phantom(f, final)
		return
	}
	l.walk(f, end, final)
}

// walk goes from the end back to the beginning.
func (l *lineage) walk(f *fates, end int, final string) {
	h := l.h
	on := make([]bool, len(h.writes))
	sure := true
	for i := end; i != none && !on[i]; i = l.parent[i] {
		on[i] = true
		if sure {
			f.chain = append(f.chain, i)
		}
		w := h.writes[i]
		switch before := l.parent[i]; {
		case h.is(i, results.Failed):
			f.find(results.ClassFailedKept, w).Read = w.Value
		case h.unknown(i):
			f.unknownKept++
			if before != none && h.writes[before].Sent > w.Done {
				f.find(results.ClassLate, w).Read = h.writes[before].Value
			}
		}
		sure = sure && !l.guessed[i]
	}
	for i := range h.writes {
		if !on[i] && h.is(i, results.OK) {
			f.lose(h, i, final)
		}
	}
}

// after reports whether write t certainly took effect after write w did.
func (h *history) after(f fates, w, t int) bool {
	at, from := slices.Index(f.chain, t), slices.Index(f.chain, w)
	if at >= 0 && from >= 0 {
		return at < from
	}
	return at >= 0 && h.is(w, results.OK) && h.writes[t].Sent >= h.writes[w].Done
}
