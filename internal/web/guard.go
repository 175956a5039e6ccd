package web

import (
	"fmt"
	"net"
	"net/http"
	"strings"
)

// guard adds what keeps other sites out: no embedding, no foreign content, no
// requests on a foreign page's behalf, and no name but those that are this
// server's, which a page elsewhere could have pointed here.
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
			problem(w, http.StatusForbidden, fmt.Sprintf("this server does not answer to the name %q: use its address, or allow the name by --host (of run, --serve-host)", r.Host))
		case (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate":
			problem(w, http.StatusForbidden, "this server answers to no page of another site")
		case r.ContentLength != 0:
			// It is read by nobody, and to wait for its end would hold a connection.
			h.Set("Connection", "close")
			problem(w, http.StatusMethodNotAllowed, "this server only shows: it takes no content")
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

// calm answers for a view that panics. The others go on.
func (s *Server) calm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := safely(func() error { next.ServeHTTP(w, r); return nil })
		if err != nil {
			s.failed(w, r.URL.Path, err)
		}
	})
}
