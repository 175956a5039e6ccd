package audit

import "github.com/slotstorm/slotstorm/results"

// judge holds the read-back against the ledger. A key that could not be read
// back has no fates.
func (h *history) judge() fates {
	f := fates{lost: map[int]bool{}}
	if h.final == nil || len(h.writes) == 0 {
		return f
	}
	switch h.kind {
	case results.KindCounter:
		h.judgeCounter(&f)
	case results.KindList:
		h.judgeList(&f)
	default:
		h.judgeRegister(&f)
	}
	return f
}
