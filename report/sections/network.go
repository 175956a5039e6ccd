package sections

import (
	"slices"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// network are the conditions that stood for the whole load; the section is empty without
// any.
func network(b *results.Bundle, _ *results.Summary) doc.Section {
	d := doc.Section{ID: "network", Title: "Network"}
	if len(b.Run.Network) == 0 {
		return d
	}
	t := doc.Table{Title: "Network", Head: slices.Concat(doc.Columns("between", "condition"), doc.Long("before the load"), doc.Long("under load")),
		Note: doc.Prose("In force from before the load until its end, and measured twice a second by connections of slotstorm itself.")}
	for _, f := range b.Run.Network {
		t.Rows = append(t.Rows, []string{f.Name, f.Detail, words.OrNone(words.Sentence("; ", f.Proof, f.Reason)), words.OrNone(f.Healing)})
	}
	d.Blocks = append(d.Blocks, t)
	return d
}
