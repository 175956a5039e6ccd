package web

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
)

// live is the page of a run in progress, or that of a run that has ended.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	if dir, ok := s.dir(w, r); ok {
		a, err := rendered("live.tmpl.html", struct{ ID string }{filepath.Base(dir)})
		if err != nil {
			s.failed(w, r.URL.Path, err)
			return
		}
		w.Header().Set("Content-Security-Policy", livePolicy)
		w.Header().Set("Content-Type", a.kind)
		_, _ = w.Write(a.body) // a browser that went away is no error
	}
}

// stream sends what is known of a run, and then what is new, as server-sent
// events, until the run has ended.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	dir, ok := s.dir(w, r)
	if !ok {
		return
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		w.Header().Set("Retry-After", "60")
		problem(w, http.StatusServiceUnavailable, fmt.Sprintf("%d pages follow runs already, which is the limit: close one and reload", maxStreams))
		return
	}
	watch, leave := s.watch(dir)
	defer leave()
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
		patient(w, writeLimit) // of each message: the stream has no end of its own
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

// wait waits until something changed. It returns false if the reader left or the server
// stops.
func wait(reader, server context.Context, changed <-chan struct{}) bool {
	select {
	case <-changed:
		return true
	case <-reader.Done():
		return false
	case <-server.Done():
		// There may be a last change when the server stops.
		select {
		case <-changed:
			return true
		default:
			return false
		}
	}
}
