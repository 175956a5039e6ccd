package sections

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/plot"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

func faultTable(r *results.Run) doc.Table {
	t := doc.Table{Title: "Faults", Head: slices.Concat(doc.Columns("fault", "action", "node", "status"), doc.Long("proof"), doc.Numbers("injected", "proved", "cluster healthy", "healthy after")),
		Note: doc.Prose("*injected*: when it acted, and how much later than planned, if that was more than a second. *proved*: when the effect of the fault was seen. *cluster healthy*: when all nodes ran and agreed again, and all replicas were in sync. *healthy after* counts from the injection (metric recovery.whole).")}
	for _, f := range r.Faults {
		t.Rows = append(t.Rows, []string{f.Name, f.Detail, words.OrNone(f.Node), string(f.Status), words.OrNone(words.Sentence("; ", f.Proof, f.Reason)),
			injected(r, f), words.Since(r, f.Proved), words.Since(r, f.Verified), wholeAfter(f)})
	}
	return t
}

// injected is when a fault acted.
func injected(r *results.Run, f results.Fault) string {
	text := words.Since(r, f.Injected)
	if late := f.Injected - f.Planned; f.Injected > 0 && late > facts.LateNotice {
		text += fmt.Sprintf(" (%s late)", words.Duration(late))
	}
	return text
}

// wholeAfter is how long after a fault the cluster was seen healthy again.
func wholeAfter(f results.Fault) string {
	if f.Verified == 0 {
		return words.None
	}
	return words.Duration(f.Verified - f.Injected)
}

// timeline shows the load over time, with the faults in it.
func timeline(b *results.Bundle, s *results.Summary) doc.Section {
	d := doc.Section{ID: "timeline", Title: "Timeline"}
	if len(b.Frames) > 0 {
		d.Blocks = append(d.Blocks, doc.Only(doc.Written, doc.Pictures(func() []doc.Picture { return pictures(plot.Timeline(b)) })))
	} else {
		d.Blocks = append(d.Blocks, doc.Only(doc.Page, doc.Note{Text: doc.Prose("No load was recorded.")}))
	}
	d.Blocks = append(d.Blocks, doc.Only(doc.Written, faultTable(&b.Run)))
	return d
}
