package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/render"
	"github.com/slotstorm/slotstorm/results"
)

// row is a run in the list.
type row struct {
	ID, Scenario, Started, Verdict, Class, Link, Detail string
	// Sealed ones can be compared.
	Sealed bool
}

// home lists the archive; while a run is shown it is that run's page.
func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	if cur := s.shown(); cur != nil && !r.URL.Query().Has("archive") {
		http.Redirect(w, r, "/runs/"+url.PathEscape(filepath.Base(cur.dir))+"/live", http.StatusFound)
		return
	}
	s.made(w, r, s.lists, "the list of runs", func(context.Context) (answer, error) { return s.list() })
}

func (s *Server) list() (answer, error) {
	list, err := results.List(s.root)
	if err != nil {
		return answer{}, err
	}
	var rows []row
	names := map[string]int{}
	for _, e := range slices.Backward(list) {
		rows = append(rows, rowOf(e).shown())
		if e.Run != nil {
			names[e.Run.Name]++
		}
	}
	var trends []string
	for name, n := range names {
		if n > 1 {
			trends = append(trends, name)
		}
	}
	slices.Sort(trends)
	return rendered("list.tmpl.html", struct {
		Root   string
		Rows   []row
		Trends []string
	}{s.root, rows, trends})
}

// shown is a row whose texts are in one line each. A run whose id does not show as
// it is cannot be chosen by it.
func (r row) shown() row {
	r.Sealed = r.Sealed && printable.Line(r.ID) == r.ID
	for _, text := range []*string{&r.ID, &r.Scenario, &r.Started, &r.Verdict, &r.Class, &r.Detail} {
		*text = printable.Line(*text)
	}
	return r
}

func rowOf(e results.Entry) row {
	at := "/runs/" + url.PathEscape(e.ID) + "/"
	switch {
	case errors.Is(e.Err, results.ErrUnsealed):
		return row{ID: e.ID, Verdict: "not ended", Class: "inconclusive", Link: at + "live", Detail: "under way, or killed"}
	case e.Err != nil:
		return row{ID: e.ID, Verdict: "not readable", Class: "invalid", Detail: e.Err.Error()}
	}
	v := row{ID: e.ID, Scenario: e.Run.Name, Started: e.Run.Start.UTC().Format(time.DateTime), Link: at, Sealed: true}
	if sum := e.Run.Summary; sum != nil {
		v.Verdict, v.Class = string(sum.Verdict), string(sum.Verdict)
		v.Detail = strings.Join(sum.Reasons, "; ")
		if u := sum.Upgrade; u != nil {
			v.Detail = strings.ToUpper(string(u.Decision)) + ": " + v.Detail
			v.Detail = strings.TrimSuffix(v.Detail, ": ")
		}
	}
	return v
}

// run is a run's report, or its live page while it has none.
func (s *Server) run(w http.ResponseWriter, r *http.Request) {
	dir, ok := s.dir(w, r)
	if !ok {
		return
	}
	if _, err := os.Lstat(filepath.Join(dir, results.SumsFile)); err != nil {
		http.Redirect(w, r, "live", http.StatusFound)
		return
	}
	s.send(w, r, dir, doc.HTMLFile)
}

// made answers with a page that a desk makes. One who asked and went away gets
// nothing.
func (s *Server) made(w http.ResponseWriter, r *http.Request, d *desk, what string, work func(context.Context) (answer, error)) {
	patient(w, writeLimit)
	a, err := d.page(r.Context(), what, work)
	patient(w, writeLimit)
	switch {
	case r.Context().Err() != nil:
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "10")
		problem(w, http.StatusServiceUnavailable, err.Error())
	case err != nil:
		s.failed(w, what, err)
	default:
		w.Header().Set("Content-Type", a.kind)
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body) // a browser that went away is no error
	}
}

// maxCompared bounds the runs of one side of a comparison.
const maxCompared = 200

// compare renders the comparison of the runs a and b, each one or several.
func (s *Server) compare(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	sides := [2][]string{q["a"], q["b"]}
	for _, ids := range sides {
		if len(ids) == 0 || len(ids) > maxCompared {
			problem(w, http.StatusBadRequest, fmt.Sprintf("choose at least one run as A and one as B, and at most %d as each", maxCompared))
			return
		}
	}
	s.made(w, r, s.pages, fmt.Sprintf("the comparison of %q with %q", sides[0], sides[1]), func(ctx context.Context) (answer, error) {
		return s.comparison(ctx, sides)
	})
}

// comparison leaves out what cannot be read, and says so.
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
	return page(func(w io.Writer) error { return render.CompareHTML(w, c) })
}

// take reads the bundle of a run by its id, and gives it to who uses it. Whatever
// is wrong with it is an error about this run alone.
func (s *Server) take(id string, use func(*results.Bundle) error) error {
	dir, err := s.find(id)
	if err != nil {
		return err
	}
	err = safely(func() error {
		b, err := results.Load(dir)
		if err != nil {
			return err
		}
		return use(b)
	})
	if err != nil {
		s.logOnce("run "+id, err)
	}
	return err
}

// trend follows a scenario's figures over all its runs.
func (s *Server) trend(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("scenario")
	s.made(w, r, s.pages, fmt.Sprintf("the trend of %q", name), func(ctx context.Context) (answer, error) { return s.trends(ctx, name) })
}

// trends holds one bundle at a time. One broken night does not hide the others: it
// is named, and left out.
func (s *Server) trends(ctx context.Context, name string) (answer, error) {
	list, err := results.List(s.root)
	if err != nil {
		return answer{}, err
	}
	var builder compare.TrendBuilder
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
			if err := s.take(e.ID, builder.Add); err != nil && !errors.Is(err, results.ErrUnsealed) {
				broken[e.Run.Name] = append(broken[e.Run.Name], line("%s: %v", e.ID, err))
			}
		}
	}
	trends := builder.Trends()
	for _, t := range trends {
		t.LeftOut = append(t.LeftOut, broken[t.Scenario]...)
		delete(broken, t.Scenario)
	}
	// What belongs to no trend that is shown stands for itself.
	for _, scenario := range slices.Sorted(maps.Keys(broken)) {
		if scenario == "" && len(trends) > 0 {
			trends[len(trends)-1].LeftOut = append(trends[len(trends)-1].LeftOut, broken[""]...)
			continue
		}
		trends = append(trends, &compare.Trend{SchemaVersion: compare.TrendSchemaVersion, Scenario: scenario, LeftOut: broken[scenario]})
	}
	if len(trends) == 0 {
		return answer{http.StatusNotFound, "text/plain; charset=utf-8", []byte("there is no run to follow")}, nil
	}
	return page(func(w io.Writer) error { return render.TrendHTML(w, trends) })
}

// line is why a run is left out.
func line(format, id string, err error) string { return printable.Line(fmt.Sprintf(format, id, err)) }

// rendered is a page of this server's own. What a reader would not see as it is, in
// ids of folders and in texts of bundles, is shown as escapes.
func rendered(name string, data any) (answer, error) {
	return page(func(w io.Writer) error {
		var out strings.Builder
		if err := templates.ExecuteTemplate(&out, name, data); err != nil {
			return err
		}
		_, err := io.WriteString(w, printable.Text(out.String()))
		return err
	})
}

// page is a page whole, or an error.
func page(write func(io.Writer) error) (answer, error) {
	var out bytes.Buffer
	if err := write(&out); err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, "text/html; charset=utf-8", out.Bytes()}, nil
}
