package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/compare"
)

// maxCompared is the most runs of one side of a comparison.
const maxCompared = 200

// compare renders the comparison of the runs a and b, each one or several.
func (s *Server) compare(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	sides := [2][]string{q["a"], q["b"]}
	for _, ids := range sides {
		if len(ids) == 0 || len(ids) > maxCompared {
			problem(w, http.StatusBadRequest, fmt.Sprintf("choose 1 to %d runs as A and as B", maxCompared))
			return
		}
	}
	s.made(w, r, s.pages, fmt.Sprintf("the comparison of %q with %q", sides[0], sides[1]), func(ctx context.Context) (answer, error) {
		return s.comparison(ctx, sides)
	})
}

// comparison lists and leaves out runs that cannot be read.
func (s *Server) comparison(ctx context.Context, ids [2][]string) (answer, error) {
	var sides [2]*compare.Runs
	var out []string
	for i := range ids {
		added := 0
		sides[i] = compare.NewRuns(ids[i][0])
		for _, id := range ids[i] {
			if err := ctx.Err(); err != nil {
				return answer{}, err
			}
			if err := s.take(id, sides[i].Add); err != nil {
				out = append(out, line("%s is left out: %v", id, err))
				continue
			}
			added++
		}
		if added == 0 {
			text := fmt.Sprintf("%s cannot be compared: none of its runs can be read\n\n%s", []string{"A", "B"}[i], strings.Join(out, "\n"))
			return answer{http.StatusBadRequest, "text/plain; charset=utf-8", []byte(printable.Text(text))}, nil
		}
	}
	c, err := compare.Compare(sides[0], sides[1], compare.Options{})
	if err != nil {
		return answer{http.StatusBadRequest, "text/plain; charset=utf-8", []byte(printable.Text(err.Error()))}, nil
	}
	c.Warnings = append(out, c.Warnings...)
	return page(func(w io.Writer) error { return report.OfComparison(c).As(w, "html") })
}
