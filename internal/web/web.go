// Package web shows runs in a browser, read-only: the archive, and runs that are
// under way. It reads bundles and nothing else, so that what it shows of a run is
// what the run wrote:
//
//	bundle on disk ─▶ results.Follower ─▶ watch ─┬─▶ server-sent events ─▶ page
//	                                            └─▶ /metrics
//	bundles on disk ─▶ package report ─▶ list, report, comparison, trend
//
// Pages need no network but this server, and no script but the live page's own.
package web

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

//go:embed pages
var pages embed.FS

var templates = template.Must(template.ParseFS(pages, "pages/*.tmpl.html"))

// Server shows the bundles under one folder.
type Server struct {
	root string

	mu sync.Mutex
	// current is the run that / and /metrics show; nil in an archive.
	current *watch
	watches map[string]*watch
	// ended ends the watching; gone, after it, the streams.
	ended, gone     context.Context
	end, endStreams context.CancelFunc
	running         sync.WaitGroup
}

// New makes a server of the bundles under root. Close ends what it watches.
func New(root string) *Server {
	ended, end := context.WithCancel(context.Background())
	gone, endStreams := context.WithCancel(context.Background())
	return &Server{root: root, watches: map[string]*watch{}, ended: ended, end: end, gone: gone, endStreams: endStreams}
}

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
	server := &http.Server{Handler: guard(l.Addr(), s.handler()), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
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

// Close ends all watching. Streams get what is left, and end.
func (s *Server) Close() {
	s.end()
	s.running.Wait()
	s.endStreams()
}

// Watch makes the run in dir the one that / and /metrics show.
func (s *Server) Watch(dir string) {
	w := s.watch(dir)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = w
}

// watch follows the run in dir, once.
func (s *Server) watch(dir string) *watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.watches[dir]; w != nil {
		return w
	}
	w := newWatch(dir)
	s.watches[dir] = w
	s.running.Go(func() { w.run(s.ended) })
	return w
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
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(raw) // a browser that went away is no error
	}
}

// guard adds what keeps other sites out: no embedding, no foreign content, and on
// loopback no name but this machine's own, which a page elsewhere could have
// pointed here.
func guard(addr net.Addr, next http.Handler) http.Handler {
	tcp, ok := addr.(*net.TCPAddr)
	private := ok && tcp.IP.IsLoopback()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if private && !local(r.Host) {
			http.Error(w, "this server answers to localhost alone", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// local tells whether a Host header names this machine.
func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
