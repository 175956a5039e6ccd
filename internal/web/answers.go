package web

import (
	"net/http"
	"time"

	"github.com/slotstorm/slotstorm/internal/printable"
)

// Limits of a connection. An answer that takes longer (a stream, a large file, a page that
// waits for its turn) gets more time from patient.
const (
	headerLimit = 10 * time.Second
	readLimit   = 20 * time.Second
	writeLimit  = 30 * time.Second
	idleLimit   = time.Minute
	maxHeader   = 32 << 10
	// maxConns is well below the usual limit of 1024 open files.
	maxConns = 256
)

// pagePolicy is for this server's own pages, which hold texts of bundles.
const pagePolicy = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"

// livePolicy is for the one page with a script, this server's own.
const livePolicy = pagePolicy + "; script-src 'self'; connect-src 'self'"

// problem answers with a message, and drops the headers of a page.
func problem(w http.ResponseWriter, status int, text string) {
	http.Error(w, printable.Text(text), status)
}

// patient extends the deadline of an answer. Writers without deadlines, as in tests, are
// left as they are.
func patient(w http.ResponseWriter, limit time.Duration) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // it would end the request's context
	_ = control.SetWriteDeadline(time.Now().Add(limit))
}
