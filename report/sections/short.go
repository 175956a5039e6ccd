package sections

import (
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/judge"
)

// Short is what a pull request or a job summary has room for: of each run the verdict,
// why, and the objectives.
func Short(list []judge.Judged) []doc.Document {
	var out []doc.Document
	for _, j := range list {
		r, s := j.Run, j.Summary
		t := objectivesTable(s).For(doc.Terminal)
		t.Title = ""
		out = append(out, doc.Document{
			Badge: badge(s.Verdict), Title: r.Name, Facts: headline(r), Reasons: s.Reasons,
			Head: []doc.Block{t, doc.Line(spread(s.FailoverStats)), doc.Line(asPredicted(s)), doc.Code{Lead: "Again", Text: r.Command}},
		})
	}
	return out
}
