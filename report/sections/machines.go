package sections

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// machines are those that faults broke, and what Kubernetes made of it.
func machines(b *results.Bundle, _ *results.Summary) doc.Section {
	d := doc.Section{ID: "machines", Title: "Machines broken"}
	t := doc.Table{Title: d.Title, Head: slices.Concat(doc.Columns("fault", "machine", "how", "Redis nodes on it"), doc.Numbers("broken", "NotReady", "mended", "Ready", "nodes back"), doc.Columns("pods deleted meanwhile")),
		Note: doc.Prose("*NotReady* is when Kubernetes was seen to take the machine for lost, looked at every half second; a failover of Redis does not wait for it. *mended* is when slotstorm began to mend it. *Ready* is when Kubernetes saw it ready after that, and *nodes back* when all Redis nodes on it answered again. *pods deleted meanwhile* are those that Kubernetes was replacing because of the machine.")}
	for _, f := range b.Run.Faults {
		for _, m := range f.Machines {
			if f.Injected == 0 {
				continue
			}
			t.Rows = append(t.Rows, []string{f.Name, m.Name, m.Action, words.OrNone(words.Sentence(", ", m.Nodes...)), words.Since(&b.Run, f.Injected), words.Since(&b.Run, m.NotReady),
				words.Since(&b.Run, f.Released), words.Since(&b.Run, m.Ready), words.Since(&b.Run, f.Restored), words.OrNone(words.Sentence(", ", m.Terminating...))})
			if m.NotReady == 0 && f.Restored > 0 {
				d.Blocks = append(d.Blocks, doc.Line(fmt.Sprintf("%s: Kubernetes did not take %s for lost within these %s", f.Name, m.Name, words.Duration(f.Released-f.Injected))))
			}
		}
	}
	if len(t.Rows) > 0 {
		d.Blocks = append([]doc.Block{t}, d.Blocks...)
	}
	return d
}
