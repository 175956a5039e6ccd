package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/internal/printable"
)

// Limits of a connection. What takes longer by its nature (a stream, a large
// file, a page that waits for its turn) gets its time from patient.
const (
	headerLimit = 10 * time.Second
	readLimit   = 20 * time.Second
	writeLimit  = 30 * time.Second
	idleLimit   = time.Minute
	maxHeader   = 32 << 10
	// maxConns leaves room among a process's files, of which 1024 are usual.
	maxConns = 256
)

// pagePolicy is for this server's own pages, which hold texts of bundles.
const pagePolicy = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"

// livePolicy is for the one page with a script, this server's own.
const livePolicy = pagePolicy + "; script-src 'self'; connect-src 'self'"

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

// failed answers for a view that could not be made. Why a program failed is
// logged, once for each reason.
func (s *Server) failed(w http.ResponseWriter, view string, err error) {
	s.logOnce(view, err)
	problem(w, http.StatusInternalServerError, fmt.Sprintf("%s cannot be shown; everything else can. The reason: %v", view, err))
}

// logOnce writes a failure of the program, with its place, for whoever mends it.
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

// maxLogged bounds what bundles can make the server write.
const maxLogged = 50

// problem answers with a sentence, or more. What was set for a page is taken back.
func problem(w http.ResponseWriter, status int, text string) {
	http.Error(w, printable.Text(text), status)
}

// patient gives an answer its own time. Where the writer knows no deadlines, as in
// a test's, there is nothing to extend.
func patient(w http.ResponseWriter, limit time.Duration) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // it would end the request's context
	_ = control.SetWriteDeadline(time.Now().Add(limit))
}

// limited accepts so many connections at a time; the rest wait in the kernel.
type limited struct {
	net.Listener
	room   chan struct{}
	closed chan struct{}
	once   *sync.Once
}

func limit(l net.Listener, n int) net.Listener {
	return &limited{l, make(chan struct{}, n), make(chan struct{}), &sync.Once{}}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	return &seat{Conn: c, leave: sync.OnceFunc(func() { <-l.room })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// seat is a connection that makes room when it is closed.
type seat struct {
	net.Conn
	leave func()
}

func (c *seat) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
