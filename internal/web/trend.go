package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/results"
)

// trend follows a scenario's figures over all its runs.
func (s *Server) trend(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("scenario")
	s.made(w, r, s.pages, fmt.Sprintf("the trend of %q", name), func(ctx context.Context) (answer, error) { return s.trends(ctx, name) })
}

// trends holds one bundle at a time. A bundle that cannot be read is listed and left out.
func (s *Server) trends(ctx context.Context, name string) (answer, error) {
	list, err := results.List(s.root)
	if err != nil {
		return answer{}, err
	}
	var builder compare.TrendBuilder
	var distinct compare.Distinct
	add := func(b *results.Bundle) error {
		if err := distinct.Add(b); err != nil {
			return err
		}
		return builder.Add(b)
	}
	broken := map[string][]string{} // by scenario; "" if that cannot be read either
	for _, e := range list {
		if err := ctx.Err(); err != nil {
			return answer{}, err
		}
		switch {
		case errors.Is(e.Err, results.ErrUnsealed), e.Run != nil && name != "" && e.Run.Name != name:
		case e.Run == nil:
			broken[""] = append(broken[""], line("%s: %v", e.ID, e.Err))
		default:
			if err := s.take(e.ID, add); err != nil && !errors.Is(err, results.ErrUnsealed) {
				broken[e.Run.Name] = append(broken[e.Run.Name], line("%s: %v", e.ID, err))
			}
		}
	}
	trends := builder.Trends()
	for _, t := range trends {
		t.LeftOut = append(t.LeftOut, broken[t.Scenario]...)
		delete(broken, t.Scenario)
	}
	// Runs of other scenarios get a trend without figures.
	for _, scenario := range slices.Sorted(maps.Keys(broken)) {
		if scenario == "" && len(trends) > 0 {
			trends[len(trends)-1].LeftOut = append(trends[len(trends)-1].LeftOut, broken[""]...)
			continue
		}
		trends = append(trends, &compare.Trend{SchemaVersion: compare.TrendSchemaVersion, Scenario: scenario, LeftOut: broken[scenario]})
	}
	if len(trends) == 0 {
		return answer{http.StatusNotFound, "text/plain; charset=utf-8", []byte("no run found")}, nil
	}
	return page(func(w io.Writer) error { return report.OfTrends(trends).As(w, "html") })
}
