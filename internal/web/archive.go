package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/results"
)

// row is a run in the list.
type row struct {
	ID, Scenario, Started, Verdict, Class, Link, Detail string
	Sealed                                              bool
}

// home lists the archive; while a run is shown it is that run's page.
func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	if cur := s.shown(); cur != nil && !r.URL.Query().Has("archive") {
		http.Redirect(w, r, "/runs/"+url.PathEscape(filepath.Base(cur.dir))+"/live", http.StatusFound)
		return
	}
	list, err := results.List(s.root)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var rows []row
	names := map[string]int{}
	for _, e := range slices.Backward(list) {
		rows = append(rows, rowOf(e))
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
	render(w, "list.tmpl.html", struct {
		Root   string
		Rows   []row
		Trends []string
	}{s.root, rows, trends})
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
	if _, err := os.Stat(filepath.Join(dir, results.SumsFile)); err != nil {
		http.Redirect(w, r, "live", http.StatusFound)
		return
	}
	s.send(w, r, dir, report.HTMLFile)
}

// readable are the files of a bundle that are served: what was rendered, and what
// it was rendered from.
func readable(name string) bool {
	switch path.Dir(name) {
	case ".":
		switch path.Ext(name) {
		case ".html", ".md", ".xml", ".json", ".jsonl", ".yaml", ".hlog", ".txt":
			return true
		}
		return name == results.SumsFile
	case "plots", "nodes", "audit":
		return true
	}
	return false
}

// file is a file of a run's bundle.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if !filepath.IsLocal(filepath.FromSlash(name)) || !readable(name) {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	if dir, ok := s.dir(w, r); ok {
		s.send(w, r, dir, name)
	}
}

// send serves a file of a bundle, and nothing outside it, wherever links point.
func (s *Server) send(w http.ResponseWriter, r *http.Request, dir, name string) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		http.Error(w, "there is no such run", http.StatusNotFound)
		return
	}
	defer root.Close()
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || st.IsDir() {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	switch path.Ext(name) {
	case ".jsonl", ".yaml", ".hlog", ".log", ".md", ".txt", "":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	http.ServeContent(w, r, path.Base(name), st.ModTime(), f)
}

// compare renders the comparison of the runs a and b, each one or several.
func (s *Server) compare(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var sides [2]*report.Runs
	for i, ids := range [][]string{q["a"], q["b"]} {
		if len(ids) == 0 {
			http.Error(w, "choose at least one run as A and one as B", http.StatusBadRequest)
			return
		}
		sides[i] = report.NewRuns(ids[0])
		for _, id := range ids {
			b, err := s.load(id)
			if err == nil {
				err = sides[i].Add(b)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
	}
	c, err := report.Compare(sides[0], sides[1], report.CompareOptions{})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	respond(w, func(out io.Writer) error { return report.CompareHTML(out, c) })
}

// load reads the bundle of a run by its id.
func (s *Server) load(id string) (*results.Bundle, error) {
	list, err := results.List(s.root)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if e.ID == id {
			return results.Load(e.Dir)
		}
	}
	return nil, fmt.Errorf("there is no run %q", id)
}

// trend follows a scenario's figures over all its runs.
func (s *Server) trend(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("scenario")
	list, err := results.List(s.root)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var builder report.TrendBuilder
	for _, e := range list {
		if e.Run == nil || name != "" && e.Run.Name != name {
			continue
		}
		b, err := results.Load(e.Dir)
		if err != nil {
			continue // one broken night does not hide the others; the list names it
		}
		if err := builder.Add(b); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	trends := builder.Trends()
	if len(trends) == 0 {
		http.Error(w, "there is no run to follow", http.StatusNotFound)
		return
	}
	respond(w, func(out io.Writer) error { return report.TrendHTML(out, trends) })
}

// render shows a page.
func render(w http.ResponseWriter, name string, data any) {
	respond(w, func(out io.Writer) error { return templates.ExecuteTemplate(out, name, data) })
}

// respond sends a page whole, or an error.
func respond(w http.ResponseWriter, write func(io.Writer) error) {
	var page bytes.Buffer
	if err := write(&page); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes()) // a browser that went away is no error
}
