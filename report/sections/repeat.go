package sections

import (
	"fmt"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/results"
)

// repeat is the command that runs the same again. A terminal ends with it anyway.
func repeat(b *results.Bundle, _ *results.Summary) doc.Section {
	return doc.Section{ID: "repeat", Title: "Repeat it", Blocks: []doc.Block{
		doc.Only(doc.Written, doc.Code{Text: b.Run.Command}),
		doc.Only(doc.Page, doc.Note{Text: doc.Prose("The seed, %s, decides arrivals, keys, commands and targets: the same requests come again. "+
			"Everything on this page is derived from the files beside it: `run.json`, `events.jsonl`, `series.jsonl`, `latency.hlog`, `audit/`; `nodes/` holds the logs.", fmt.Sprint(b.Run.Seed))}),
	}}
}
