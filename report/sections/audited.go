package sections

import (
	"fmt"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// Audited is what became of a run's audited writes, with every finding if all are asked
// for.
func Audited(b *results.Bundle, s *results.Summary, all bool) doc.Document {
	d := doc.Document{Title: b.Run.ID, Sections: []doc.Section{audit(b, s)}}
	if all {
		d.Sections = append(d.Sections, single("all-findings", findingTable(b.Findings)))
	}
	return d
}

func findingTable(list []results.Finding) doc.Table {
	t := doc.Table{Title: "Findings", Head: append(doc.Columns("class", "cause", "key"), append(doc.Numbers("write", "times", "acknowledged at"), doc.Columns("by", "instead")...)...)}
	for _, f := range list {
		t.Rows = append(t.Rows, []string{f.Class, words.OrNone(f.Cause), f.Write.Key, fmt.Sprint(f.Write.Seq), words.Count(max(1, f.Count)),
			words.Clock(f.Write.Done), words.OrNone(f.Write.Node), words.OrNone(f.Read)})
	}
	return t
}
