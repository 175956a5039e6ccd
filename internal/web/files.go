package web

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// filePolicy is for files of bundles, which may be somebody else's: a document of
// its own without an origin, which runs nothing, asks nobody, this server
// included, sends no form and opens nothing. Its own styles and the pictures
// within it are shown.
const filePolicy = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'"

// served are the files that a bundle has, and as what they are sent. Nothing else
// in its folder is: not the nodes' volumes, and no script.
var served = []struct{ pattern, kind string }{
	{"report.html", "text/html"}, {"upgrade.html", "text/html"}, {"audit/*.html", "text/html"},
	{"plots/*.png", "image/png"},
	{"run.json", "application/json"}, {"upgrade.json", "application/json"},
	{"*.jsonl", "text/plain"}, {"audit/*.jsonl", "text/plain"},
	{"report.md", "text/plain"}, {"upgrade.md", "text/plain"}, {"junit.xml", "text/plain"},
	{"scenario.yaml", "text/plain"}, {"replay.txt", "text/plain"}, {results.HlogFile, "text/plain"},
	{"nodes/*.log", "text/plain"}, {"nodes/*.txt", "text/plain"},
	{results.SumsFile, "text/plain"}, {results.SumsFile + ".sig", "text/plain"},
}

// kindOf is the content type of a bundle's file; empty if it is none.
func kindOf(name string) string {
	for _, f := range served {
		if ok, err := path.Match(f.pattern, name); err == nil && ok {
			if f.kind == "image/png" {
				return f.kind
			}
			return f.kind + "; charset=utf-8"
		}
	}
	return ""
}

// file is a file of a run's bundle.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	if dir, ok := s.dir(w, r); ok {
		s.send(w, r, dir, r.PathValue("file"))
	}
}

// send serves a file of a bundle, and nothing outside it.
func (s *Server) send(w http.ResponseWriter, r *http.Request, dir, name string) {
	kind := kindOf(name)
	if kind == "" {
		problem(w, http.StatusNotFound, "there is no such file")
		return
	}
	f, st, err := open(dir, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		problem(w, http.StatusNotFound, "there is no such file")
		return
	case err != nil:
		problem(w, http.StatusNotFound, err.Error())
		return
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", filePolicy)
	// A megabyte a second is what a reader has to take.
	patient(w, writeLimit+time.Duration(st.Size()>>20)*time.Second)
	http.ServeContent(w, r, "", st.ModTime(), f)
}

// open opens a regular file of a bundle, within the bounds of package results.
func open(dir, name string) (*os.File, fs.FileInfo, error) {
	folder, err := results.OpenFolder(dir)
	if err != nil {
		return nil, nil, err
	}
	defer folder.Close()
	f, err := folder.Open(name)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, st, nil
}

// dir is the folder of the run that a request names.
func (s *Server) dir(w http.ResponseWriter, r *http.Request) (string, bool) {
	dir, err := s.find(r.PathValue("id"))
	if err != nil {
		problem(w, http.StatusNotFound, "there is no such run")
		return "", false
	}
	return dir, true
}

// find is the folder of a run by its id: a folder in the archive, or the run that
// is shown.
func (s *Server) find(id string) (string, error) {
	if cur := s.shown(); cur != nil && filepath.Base(cur.dir) == id {
		return cur.dir, nil
	}
	if id == "" || slices.Contains([]string{".", ".."}, id) || strings.ContainsAny(id, "/\\\x00") {
		return "", fmt.Errorf("there is no run %q", id)
	}
	dir := filepath.Join(s.root, id)
	if st, err := os.Lstat(dir); err != nil || !st.IsDir() {
		return "", fmt.Errorf("there is no run %q", id)
	}
	return dir, nil
}
