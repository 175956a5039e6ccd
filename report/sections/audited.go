package sections

import (
	"fmt"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// AuditView is what Audited shows.
type AuditView struct {
	// Findings lists every one.
	Findings bool
	// Same: the result is the same as that of the run.
	Same bool
}

// Audited is what became of a run's audited writes.
func Audited(b *results.Bundle, s *results.Summary, v AuditView) doc.Document {
	same := doc.Side{Text: "The result is the same as that of the run."}
	if !v.Same {
		same = doc.Side{Text: "The result differs from that of the run: the bundle or the version of slotstorm has changed.", Class: string(results.Fail)}
	}
	d := doc.Document{
		Window: "Audit of " + b.Run.ID, Badge: doc.Badge{Class: unjudged}, Title: b.Run.ID,
		Head:     []doc.Block{doc.Only(doc.Written, doc.Line(same.Text))},
		Sections: []doc.Section{audit(b, s), checks(b, s)},
		Closing:  []doc.Side{same},
		Footer:   "slotstorm " + b.Run.Versions.Slotstorm,
	}
	if v.Findings {
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
