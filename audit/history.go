package audit

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// history is everything that is known of one key.
type history struct {
	key, kind string
	// writes that may have been sent, in the order of their sending.
	writes []results.Write
	// reads before the read-back that were answered, likewise.
	reads []results.AuditRead
	// final is the read-back; nil if the key could not be read, and unread says
	// why.
	final  *results.AuditRead
	unread string
	// cut means that later writes may have no record: those of the generator that wrote
	// the key did not all arrive.
	cut bool
}

// histories takes the ledger and the reads apart by key, in the order of the
// keys' first writes.
func histories(b *results.Bundle) []*history {
	cut := cutShort(b.Run)
	byKey := map[string]*history{}
	var list []*history
	for _, w := range b.Writes {
		if results.Outcome(w.Outcome) == results.Overflow {
			continue
		}
		h := byKey[w.Key]
		if h == nil {
			h = &history{key: w.Key, kind: kindOf(w.Kind)}
			byKey[w.Key] = h
			list = append(list, h)
		}
		h.writes = append(h.writes, w)
		h.cut = h.cut || cut[w.Client]
	}
	for i, r := range b.Reads {
		h := byKey[r.Key]
		switch {
		case h == nil:
			continue // a key that was never written: there is nothing to hold it against
		case !r.Final && results.Outcome(r.Outcome) == results.OK:
			h.reads = append(h.reads, r)
		case r.Final && results.Outcome(r.Outcome) == results.OK:
			h.final = &b.Reads[i]
		case r.Final:
			h.unread = r.Error
		}
	}
	for _, h := range list {
		slices.SortStableFunc(h.writes, func(x, y results.Write) int {
			return cmp.Or(cmp.Compare(x.Sent, y.Sent), cmp.Compare(x.Seq, y.Seq))
		})
		slices.SortStableFunc(h.reads, func(x, y results.AuditRead) int { return cmp.Compare(x.Sent, y.Sent) })
	}
	slices.SortFunc(list, func(x, y *history) int {
		return cmp.Or(cmp.Compare(x.writes[0].Sent, y.writes[0].Sent), cmp.Compare(x.key, y.key))
	})
	return list
}

// cutShort is whose last records are missing, as the ledger names them: one generator of
// several by its number.
func cutShort(run results.Run) map[string]bool {
	cut := map[string]bool{}
	for _, g := range run.Generators {
		switch {
		case !g.Missing:
		case len(run.Generators) == 1:
			cut[""] = true
		default:
			cut[fmt.Sprintf("generator %d", g.Index)] = true
		}
	}
	return cut
}

// kindOf names the kind of a key; what is not known is judged as the simplest.
func kindOf(kind string) string {
	switch kind {
	case results.KindRegister, results.KindCounter, results.KindList:
		return kind
	}
	return results.KindOnce
}

func (h *history) is(i int, o results.Outcome) bool { return results.Outcome(h.writes[i].Outcome) == o }

// unknown reports whether no one knows if write i took effect.
func (h *history) unknown(i int) bool { return !h.is(i, results.OK) && !h.is(i, results.Failed) }

// byValue finds writes by what they wrote.
func (h *history) byValue() map[string]int {
	index := map[string]int{}
	for i, w := range h.writes {
		index[w.Value] = i
	}
	return index
}

// fates is what became of the writes of one key.
type fates struct {
	findings []results.Finding
	// lost are acknowledged writes that are certainly gone, by index.
	lost map[int]bool
	// chain is, of a key that holds one value, what is known for sure of the
	// values that it held in the end: each replaced the one after it, the first
	// is the last.
	chain       []int
	unknownKept int
}

func (f *fates) find(class string, w results.Write) *results.Finding {
	f.findings = append(f.findings, results.Finding{Class: class, Write: w})
	return &f.findings[len(f.findings)-1]
}

func (f *fates) lose(h *history, i int, read string) {
	f.lost[i] = true
	f.find(results.ClassLost, h.writes[i]).Read = read
}

// phantom notes that a key ended with a value that no client wrote to it. The last
// acknowledged write was altered; whether others were is anyone's guess.
func (h *history) phantom(f *fates, value string) {
	last := none
	for i := range h.writes {
		if h.is(i, results.OK) {
			last = i
		}
	}
	f.find(results.ClassPhantom, h.writes[max(0, last)]).Read = value
	if last != none {
		f.find(results.ClassAltered, h.writes[last]).Read = value
	}
}

// repeated notes that a write took effect more often than once, n times too
// many, and who repeated it.
func (h *history) repeated(f *fates, i, n int) {
	d := f.find(results.ClassDuplicated, h.writes[i])
	d.Cause = results.CauseServer
	if h.writes[i].Attempts > 1 {
		d.Cause = results.CauseClientRetry
	}
	if n > 1 {
		d.Count = n
	}
}

// none stands for the key before its first write.
const none = -1
