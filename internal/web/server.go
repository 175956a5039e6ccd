package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"

	"github.com/slotstorm/slotstorm/internal/printable"
)

// Server shows the bundles under one folder.
type Server struct {
	root  string
	hosts []string
	log   io.Writer
	// pages renders from whole bundles, lists from their summaries.
	pages, lists *desk
	// streams limits the open streams.
	streams chan struct{}

	mu sync.Mutex
	// logged are the failures that were logged.
	logged map[string]bool
	// current is the run that / and /metrics show; nil in an archive.
	current      *watch
	leaveCurrent func()
	watches      map[string]*watch
	// ended ends the watching; gone, after it, the streams.
	ended, gone     context.Context
	end, endStreams context.CancelFunc
	running         sync.WaitGroup
}

// Options are what a server is made with.
type Options struct {
	// Root is the folder whose bundles are shown.
	Root string
	// Hosts are names under which it is reached, beside localhost and addresses.
	Hosts []string
	// Log gets what goes wrong in the server itself.
	Log io.Writer
}

// New makes a server of the bundles under a folder. Close ends what it watches.
func New(o Options) *Server {
	ended, end := context.WithCancel(context.Background())
	gone, endStreams := context.WithCancel(context.Background())
	return &Server{root: o.Root, hosts: o.Hosts, log: o.Log, pages: newDesk(), lists: newDesk(), streams: make(chan struct{}, maxStreams),
		logged: map[string]bool{}, watches: map[string]*watch{}, ended: ended, end: end, gone: gone, endStreams: endStreams}
}

// maxStreams is the most pages that can follow runs at a time.
const maxStreams = 64

// Close ends all watching. Streams get what is left, and end.
func (s *Server) Close() {
	s.end()
	s.running.Wait()
	s.endStreams()
}

// Watch makes the run in dir the one that / and /metrics show.
func (s *Server) Watch(dir string) {
	w, leave := s.watch(dir)
	s.mu.Lock()
	before := s.leaveCurrent
	s.current, s.leaveCurrent = w, leave
	s.mu.Unlock()
	if before != nil {
		before()
	}
}

// watch follows the run in dir, once for all viewers. It ends with the last viewer, so that
// it does not stay in memory.
func (s *Server) watch(dir string) (w *watch, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w = s.watches[dir]
	if w == nil {
		w = newWatch(dir)
		s.watches[dir] = w
		ctx, cancel := context.WithCancel(s.ended)
		w.cancel = cancel
		if s.ended.Err() == nil {
			s.running.Go(func() { s.logOnce("run "+filepath.Base(dir), w.run(ctx)) })
		}
	}
	w.watchers++
	return w, sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if w.watchers--; w.watchers == 0 {
			w.cancel()
			delete(s.watches, dir)
		}
	})
}

func (s *Server) shown() *watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// logOnce logs a crash with its stack, once for each reason.
func (s *Server) logOnce(what string, err error) {
	var c *crash
	if !errors.As(err, &c) {
		return
	}
	s.mu.Lock()
	known := s.logged[err.Error()] || len(s.logged) >= maxLogged
	s.logged[err.Error()] = true
	s.mu.Unlock()
	if !known {
		fmt.Fprintf(s.log, "slotstorm: %s: %s\n%s", printable.Line(what), printable.Line(err.Error()), printable.Text(string(c.stack)))
	}
}

// maxLogged is the most crashes that are logged.
const maxLogged = 50

// failed answers for a page that could not be rendered. The reason of a crash is logged
// once.
func (s *Server) failed(w http.ResponseWriter, view string, err error) {
	s.logOnce(view, err)
	problem(w, http.StatusInternalServerError, fmt.Sprintf("%s cannot be shown: %v. Other pages are not affected.", view, err))
}
