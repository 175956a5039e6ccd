// Package web shows runs in a browser, read-only: the archive, and runs in progress. It
// reads bundles and nothing else, so that it shows what the run wrote:
//
//	bundle on disk ─▶ results.Follower ─▶ watch ─┬─▶ server-sent events ─▶ page
//	                                            └─▶ /metrics
//	bundles on disk ─▶ package report ─▶ list, report, comparison, trend
//
// Pages need no other server, and only the live page has a script.
//
// A bundle may come from somebody else. Its files are sent as documents without an origin
// (bundle.go), and its texts are escaped. A bundle that cannot be read is listed and left
// out, and one that crashes its reader ends one page only.
package web

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Listen opens addr: host:port, or a port alone, with or without a colon, which
// means loopback.
func Listen(addr string) (net.Listener, error) {
	asked := addr
	if !strings.Contains(addr, ":") {
		addr = ":" + addr
	}
	if strings.HasPrefix(addr, ":") {
		addr = "127.0.0.1" + addr
	}
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return nil, fmt.Errorf("%q is no address to listen at: write HOST:PORT, or PORT for 127.0.0.1:PORT", asked)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serving: %w", err)
	}
	return l, nil
}

// Serve answers on l until ctx ends. Then pages get closeGrace to read the last changes.
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
