// Package web shows runs in a browser, read-only: the archive, and runs that are
// under way. It reads bundles and nothing else, so that what it shows of a run is
// what the run wrote:
//
//	bundle on disk ─▶ results.Follower ─▶ watch ─┬─▶ server-sent events ─▶ page
//	                                            └─▶ /metrics
//	bundles on disk ─▶ package report ─▶ list, report, comparison, trend
//
// Pages need no network but this server, and no script but the live page's own.
//
// A bundle may be somebody else's. Its files are sent as documents without an
// origin (files.go), its texts are escaped, one that cannot be read is named and
// left out, and what it does to the program ends one view and nothing else.
package web

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

//go:embed pages
var pages embed.FS

var templates = template.Must(template.ParseFS(pages, "pages/*.tmpl.html"))

// Server shows the bundles under one folder.
type Server struct {
	root  string
	hosts []string
	log   io.Writer
	// pages are what reads whole bundles, lists what reads of each how it ended.
	pages, lists *desk
	// streams are the streams that there is room for.
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

// maxStreams bounds the pages that follow a run at a time.
const maxStreams = 64

// Listen opens addr: host:port, or a port alone, with or without a colon, which
// means loopback.
func Listen(addr string) (net.Listener, error) {
	if !strings.Contains(addr, ":") {
		addr = ":" + addr
	}
	if strings.HasPrefix(addr, ":") {
		addr = "127.0.0.1" + addr
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serving: %w", err)
	}
	return l, nil
}

// Serve answers on l until ctx ends; then pages get closeGrace to take what is new.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := s.server(l.Addr())
	done := make(chan error, 1)
	go func() { done <- server.Serve(limit(l, maxConns)) }()
	select {
	case err := <-done:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	s.Close()
	closing, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	if err := server.Shutdown(closing); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("serving: %w", err)
	}
	return server.Close()
}

const closeGrace = 2 * time.Second

func (s *Server) server(addr net.Addr) *http.Server {
	return &http.Server{
		Handler: s.guard(addr, s.handler()), ErrorLog: log.New(s.log, "slotstorm: ", 0), MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: headerLimit, ReadTimeout: readLimit, WriteTimeout: writeLimit, IdleTimeout: idleLimit,
	}
}

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

// watch follows the run in dir, once for all who look; the last one who leaves
// ends it, so that what was looked at does not stay in memory.
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

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("GET /runs/{id}/{$}", s.run)
	mux.HandleFunc("GET /runs/{id}/live", s.live)
	mux.HandleFunc("GET /runs/{id}/stream", s.stream)
	mux.HandleFunc("GET /runs/{id}/{file...}", s.file)
	mux.HandleFunc("GET /compare", s.compare)
	mux.HandleFunc("GET /trend", s.trend)
	// Browsers ask for it by themselves, and log that it is not there.
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /live.js", asset("pages/live.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /pages.css", asset("pages/pages.css", "text/css; charset=utf-8"))
	return mux
}

func asset(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		raw, err := pages.ReadFile(name)
		if err != nil {
			problem(w, http.StatusInternalServerError, err.Error())
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(raw) // a browser that went away is no error
	}
}
