package web

import (
	"net/http"
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
