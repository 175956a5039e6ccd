package render

import (
	"io"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// Short writes what a pull request or a job summary has room for: of each run
// the verdict, why, and the objectives.
func Short(w io.Writer, list []judge.Judged) error {
	m := &markup{}
	for _, j := range list {
		r, s := j.Run, j.Summary
		m.p("### %s %s: %s\n\n%s\n", marks[s.Verdict], strings.ToUpper(string(s.Verdict)), r.Name, strings.Join(headline(r), " · "))
		m.list(s.Reasons)
		m.objectives(s)
		m.paragraph(spread(s.FailoverStats))
		m.paragraph(asPredicted(s))
		m.p("\nAgain: ")
		m.code(r.Command)
		m.p("\n\n")
	}
	_, err := io.WriteString(w, m.String())
	return err
}

func (m *markup) objectives(s *results.Summary) {
	t := doc.Table{Head: slices.Concat(doc.Columns("", "objective"), doc.Numbers("measured", "margin"))}
	for _, o := range s.Objectives {
		t.Rows = append(t.Rows, []string{marks[o.Result] + " " + string(o.Result), o.Name, o.Shown, room(o)})
	}
	if len(t.Rows) > 0 {
		m.p("\n")
		m.rows(t)
	}
}
