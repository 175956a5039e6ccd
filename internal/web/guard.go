package web

import (
	"fmt"
	"net"
	"net/http"
	"strings"
)

// guard keeps other sites out: no embedding, no foreign content, no requests from foreign
// pages, and no host name except those of this server, because another site could point a
// name of its own at it.
func (s *Server) guard(addr net.Addr, next http.Handler) http.Handler {
	tcp, ok := addr.(*net.TCPAddr)
	private := ok && tcp.IP.IsLoopback()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-DNS-Prefetch-Control", "off")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		switch site := r.Header.Get("Sec-Fetch-Site"); {
		case !s.knows(r.Host, private):
			problem(w, http.StatusForbidden, fmt.Sprintf("this server does not answer to the host name %q: use its IP address, or allow the name with --host (slotstorm run: --serve-host)", r.Host))
		case (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate":
			problem(w, http.StatusForbidden, "this server refuses requests from pages of other sites")
		case r.ContentLength != 0:
			// Reading the content would hold the connection.
			h.Set("Connection", "close")
			problem(w, http.StatusMethodNotAllowed, "this server is read-only: it accepts no content")
		default:
			s.calm(next).ServeHTTP(w, r)
		}
	})
}

// knows reports whether a Host header is one of this server's. Another page's script
// reaches it under the name of that page alone, so an address is never its way;
// on loopback the machine's own have to do.
func (s *Server) knows(host string, private bool) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, name := range append([]string{"localhost"}, s.hosts...) {
		if host == strings.ToLower(strings.TrimSuffix(name, ".")) {
			return true
		}
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && (ip.IsLoopback() || !private)
}

// calm answers with an error if a view panics.
func (s *Server) calm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := safely(func() error { next.ServeHTTP(w, r); return nil })
		if err != nil {
			s.failed(w, r.URL.Path, err)
		}
	})
}
