package witness

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/slotstorm/slotstorm/results"
)

// losses counts lost writes from the ledger and the read-back, by another way than the
// auditor: forward, each acknowledged write undoing those that its answer contradicts.
func losses(b *results.Bundle, s *results.Summary) results.Check {
	c := newCheck(results.CheckLosses)
	au := b.Run.Audit
	switch {
	case au == nil:
		return c.answer()
	case b.Reads == nil:
		c.limit("the bundle keeps no read-back")
		return c.answer()
	}
	lost, acknowledged := map[string]int64{}, map[string]int64{}
	var unread []string
	for _, h := range ledgers(b) {
		for _, w := range h.writes {
			if results.Outcome(w.Outcome) == results.OK {
				acknowledged[h.kind]++
			}
		}
		if h.final == nil {
			unread = append(unread, h.writes[0].Key)
			continue
		}
		lost[h.kind] += h.lost()
	}
	switch len(unread) {
	case 0:
	case 1:
		c.limit("%s was not read back", unread[0])
	default:
		c.limit("%s keys were not read back, among them %s", grouped(int64(len(unread))), unread[0])
	}
	total := int64(0)
	for _, n := range lost {
		total += n
	}
	c.exactly("lost writes", int64(au.Lost), total)
	for _, k := range au.Kinds {
		c.exactly("acknowledged writes of kind "+k.Kind, int64(k.OK), acknowledged[k.Kind])
		c.exactly("lost writes of kind "+k.Kind, int64(k.Lost), lost[k.Kind])
	}
	listed := int64(0)
	for _, f := range b.Findings {
		if f.Class == results.ClassLost {
			listed += int64(max(1, f.Count))
		}
	}
	c.exactly("lost writes, each with its finding", listed, total)
	grouped := int64(0)
	for _, g := range s.Losses {
		grouped += int64(g.Count)
	}
	c.exactly("lost writes, by cause", grouped, total)
	return c.answer()
}

// ledger is what was written to one key and read from it in the end.
type ledger struct {
	kind   string
	writes []results.Write
	final  *results.AuditRead
}

// ledgers are those of all keys, in the order of their first lines.
func ledgers(b *results.Bundle) []*ledger {
	byKey := map[string]*ledger{}
	var list []*ledger
	for _, w := range b.Writes {
		if results.Outcome(w.Outcome) == results.Overflow {
			continue
		}
		h := byKey[w.Key]
		if h == nil {
			h = &ledger{kind: cmp.Or(w.Kind, results.KindOnce)}
			byKey[w.Key] = h
			list = append(list, h)
		}
		h.writes = append(h.writes, w)
	}
	for i, r := range b.Reads {
		if h := byKey[r.Key]; h != nil && r.Final && results.Outcome(r.Outcome) == results.OK {
			h.final = &b.Reads[i]
		}
	}
	for _, h := range list {
		slices.SortStableFunc(h.writes, func(x, y results.Write) int {
			return cmp.Or(cmp.Compare(x.Sent, y.Sent), cmp.Compare(x.Seq, y.Seq))
		})
	}
	return list
}

// lost counts the acknowledged writes of a key that are gone.
func (h *ledger) lost() int64 {
	switch h.kind {
	case results.KindList:
		return h.lostElements()
	case results.KindCounter:
		return h.lostIncrements()
	case results.KindRegister:
		return h.lostValues()
	}
	return h.lostOnce()
}

// lostElements are those that the list does not hold.
func (h *ledger) lostElements() (n int64) {
	for _, w := range h.writes {
		if results.Outcome(w.Outcome) == results.OK && !slices.Contains(h.final.Elements, w.Value) {
			n++
		}
	}
	return n
}

// lostIncrements: an increment that was answered n undoes all that were answered n or
// more before it, and so does a counter that ends below them.
func (h *ledger) lostIncrements() (n int64) {
	var standing []int64
	undo := func(from int64) {
		for len(standing) > 0 && standing[len(standing)-1] >= from {
			standing = standing[:len(standing)-1]
			n++
		}
	}
	for _, w := range h.writes {
		if results.Outcome(w.Outcome) != results.OK {
			continue
		}
		reply, err := strconv.ParseInt(w.Reply, 10, 64)
		if err != nil || reply < 1 {
			continue
		}
		undo(reply)
		standing = append(standing, reply)
	}
	final := int64(0)
	if h.final.Value != nil {
		var err error
		if final, err = strconv.ParseInt(*h.final.Value, 10, 64); err != nil || final < 0 {
			return 0
		}
	}
	undo(final + 1)
	return n
}

// lostOnce: a value is lost if the key is empty. Another value than those that were
// written is no loss, but a change.
func (h *ledger) lostOnce() (n int64) {
	if h.final.Value != nil && !h.wrote(*h.final.Value) {
		return 0
	}
	last := int64(0)
	for _, w := range h.writes {
		if results.Outcome(w.Outcome) == results.OK {
			n++
			if h.final.Value != nil && (w.Value == *h.final.Value || !h.acknowledged(*h.final.Value)) {
				last = n
			}
		}
	}
	return n - last
}

func (h *ledger) wrote(value string) bool {
	return slices.ContainsFunc(h.writes, func(w results.Write) bool { return w.Value == value })
}

func (h *ledger) acknowledged(value string) bool {
	return slices.ContainsFunc(h.writes, func(w results.Write) bool {
		return w.Value == value && results.Outcome(w.Outcome) == results.OK
	})
}

// lostValues follows a register: the values that stand below the last one, each the one
// that the next replaced. An answer that names a value further down, or one that was
// undone before, shows which of them are gone.
func (h *ledger) lostValues() int64 {
	below := map[string][]string{"": nil} // of each value that was seen: the values up to it
	top := ""
	// see finds a value's place; one of a write without an answer covers the last.
	see := func(value string) ([]string, bool) {
		if stack, ok := below[value]; ok {
			return stack, true
		}
		if !h.wrote(value) {
			return nil, false
		}
		below[value] = append(slices.Clone(below[top]), value)
		return below[value], true
	}
	for _, w := range h.writes {
		if results.Outcome(w.Outcome) != results.OK {
			continue
		}
		stack, ok := see(w.Reply)
		if !ok {
			stack = below[top]
		}
		below[w.Value] = append(slices.Clone(stack), w.Value)
		top = w.Value
	}
	final := ""
	if h.final.Value != nil {
		final = *h.final.Value
	}
	standing, ok := see(final)
	if !ok {
		return 0
	}
	n := int64(0)
	for _, w := range h.writes {
		if results.Outcome(w.Outcome) == results.OK && !slices.Contains(standing, w.Value) {
			n++
		}
	}
	return n
}
