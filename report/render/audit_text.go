package render

import (
	"fmt"
	"io"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// AuditText is how Audit prints.
type AuditText struct {
	Color bool
	// Findings lists every one.
	Findings bool
	// Same: the run itself came to the same answer.
	Same bool
}

// Audit writes what became of a run's audited writes, as 'slotstorm audit' shows
// it.
func Audit(w io.Writer, b *results.Bundle, s *results.Summary, o AuditText) error {
	p := &printer{color: o.Color}
	p.line(p.paint(bold, b.Run.ID))
	p.audit(&b.Run, s)
	if o.Findings {
		p.table(findingTable(b.Findings))
	}
	p.line("")
	if o.Same {
		p.line("The run itself came to the same answer.")
	} else {
		p.line(p.paint(red, "The run itself came to another answer") + ": its bundle, or the program that judges it, is not what it was.")
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// audit prints the part of a summary that is about audited writes.
func (p *printer) audit(r *results.Run, s *results.Summary) {
	line := auditLine(r.Audit)
	if line == "" {
		return
	}
	p.head("Audit")
	p.line("  " + plain(line))
	for _, note := range auditNotes(r.Audit) {
		p.line("  " + plain(note))
	}
	p.table(kindTable(r.Audit))
	p.table(lossTable(s))
	p.table(staleTable(r.Audit))
}

func findingTable(list []results.Finding) doc.Table {
	t := doc.Table{Title: "Findings", Head: append(doc.Columns("class", "cause", "key"), append(doc.Numbers("write", "times", "acknowledged at"), doc.Columns("by", "instead")...)...)}
	for _, f := range list {
		t.Rows = append(t.Rows, []string{f.Class, words.OrNone(f.Cause), f.Write.Key, fmt.Sprint(f.Write.Seq), words.Count(max(1, f.Count)),
			words.Clock(f.Write.Done), words.OrNone(f.Write.Node), words.OrNone(f.Read)})
	}
	return t
}
