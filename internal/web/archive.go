package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report/doc"
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

// shown escapes the texts of a row. A run whose id has invisible characters cannot be
// compared.
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
	case errors.Is(e.Err, results.ErrUnsealed) && results.UnderWay(e.Dir):
		return row{ID: e.ID, Verdict: "running", Class: "inconclusive", Link: at + "live", Detail: "in progress"}
	case errors.Is(e.Err, results.ErrUnsealed):
		return row{ID: e.ID, Verdict: "killed", Class: "inconclusive", Link: at + "live", Detail: "ended without a report"}
	case e.Err != nil:
		return row{ID: e.ID, Verdict: "unreadable", Class: "invalid", Detail: e.Err.Error()}
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
