package web

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

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
		problem(w, http.StatusNotFound, "file not found")
		return
	}
	f, st, err := open(dir, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		problem(w, http.StatusNotFound, "file not found")
		return
	case err != nil:
		problem(w, http.StatusNotFound, err.Error())
		return
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", filePolicy)
	// A reader has to take at least 1 MiB per second.
	patient(w, writeLimit+time.Duration(st.Size()>>20)*time.Second)
	http.ServeContent(w, r, "", st.ModTime(), f)
}

// dir is the folder of the run that a request names.
func (s *Server) dir(w http.ResponseWriter, r *http.Request) (string, bool) {
	dir, err := s.find(r.PathValue("id"))
	if err != nil {
		problem(w, http.StatusNotFound, "run not found")
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
		return "", fmt.Errorf("run %q not found", id)
	}
	dir := filepath.Join(s.root, id)
	if st, err := os.Lstat(dir); err != nil || !st.IsDir() {
		return "", fmt.Errorf("run %q not found", id)
	}
	return dir, nil
}
