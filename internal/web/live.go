package web

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/slotstorm/slotstorm/results"
)

// dir is the folder of the run that a request names.
func (s *Server) dir(w http.ResponseWriter, r *http.Request) (string, bool) {
	id := r.PathValue("id")
	if cur := s.shown(); cur != nil && filepath.Base(cur.dir) == id {
		return cur.dir, true
	}
	list, err := results.List(s.root)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return "", false
	}
	for _, e := range list {
		if e.ID == id {
			return e.Dir, true
		}
	}
	http.Error(w, "there is no such run", http.StatusNotFound)
	return "", false
}

// live is the page of a run under way. One that has ended is shown as it went.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	if dir, ok := s.dir(w, r); ok {
		render(w, "live.tmpl.html", struct{ ID string }{filepath.Base(dir)})
	}
}

// stream sends what is known of a run, and then what is new, as server-sent
// events, until the run has ended.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	dir, ok := s.dir(w, r)
	if !ok {
		return
	}
	watch := s.watch(dir)
	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	points, notes := 0, 0
	for {
		m, changed, over := watch.since(points, notes)
		raw, err := encode(m)
		if err != nil {
			return
		}
		name := "message"
		if over {
			name = "end"
		}
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, raw); err != nil || control.Flush() != nil || over {
			return
		}
		notes += len(m.Notes)
		if n := len(m.Points); n > 0 {
			points = m.Points[n-1].T + 1
		}
		if !wait(r.Context(), s.gone, changed) {
			return
		}
	}
}

// wait waits for news; it is false when reader or server has gone.
func wait(reader, server context.Context, changed <-chan struct{}) bool {
	select {
	case <-changed:
		return true
	case <-reader.Done():
		return false
	case <-server.Done():
		// The last look comes with the server's end.
		select {
		case <-changed:
			return true
		default:
			return false
		}
	}
}
