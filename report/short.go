package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// Short writes what a pull request or a job summary has room for: of each run
// the verdict, why, and the objectives.
func Short(w io.Writer, list []Judged) error {
	var out strings.Builder
	for _, j := range list {
		r, s := j.Run, j.Summary
		fmt.Fprintf(&out, "### %s %s: %s\n\n%s\n", marks[s.Verdict], strings.ToUpper(string(s.Verdict)), escape(r.Name), escape(strings.Join(headline(r), " · ")))
		for i, reason := range s.Reasons {
			if i == 0 {
				out.WriteString("\n")
			}
			fmt.Fprintf(&out, "- %s\n", escape(reason))
		}
		shortObjectives(&out, s)
		for _, text := range []string{spread(s.FailoverStats), asPredicted(s)} {
			if text != "" {
				fmt.Fprintf(&out, "\n%s\n", escape(text))
			}
		}
		fmt.Fprintf(&out, "\nAgain: `%s`\n\n", r.Command)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func shortObjectives(out *strings.Builder, s *results.Summary) {
	t := table{Head: slices.Concat(words("", "objective"), numbers("measured", "margin"))}
	for _, o := range s.Objectives {
		t.Rows = append(t.Rows, []string{marks[o.Result] + " " + string(o.Result), o.Name, o.Shown, room(o)})
	}
	if len(t.Rows) > 0 {
		out.WriteString("\n" + markdownRows(t))
	}
}
