package sections

import (
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// marks of results: shape and word carry the meaning, colour only repeats it.
var marks = map[results.Verdict]string{
	results.Pass: "✓", results.Fail: "✗", results.Inconclusive: "?", results.Invalid: "!",
}

// unjudged is the class of documents without a verdict.
const unjudged = "same"

// headline is the line under the verdict.
func headline(r *results.Run) string {
	list := []string{
		r.Start.UTC().Format("2006-01-02 15:04:05 UTC"),
		fmt.Sprintf("seed %d", r.Seed),
		words.OrNone(r.Versions.Server.String()),
		words.Sentence(" ", r.Client.Type, r.Client.Version),
	}
	if r.Environment.Provider != "" {
		list = append(list, "provider "+r.Environment.Provider)
	}
	return strings.Join(list, " · ")
}

func badge(v results.Verdict) doc.Badge {
	return doc.Badge{Mark: marks[v], Word: string(v), Class: string(v)}
}

func slotsOf(r *results.Run, shard int) string {
	for _, s := range r.Shards {
		if s.Index == shard {
			return s.Slots
		}
	}
	return ""
}
