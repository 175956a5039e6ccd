package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/results"
)

//go:embed pages
var pages embed.FS

var templates = template.Must(template.ParseFS(pages, "pages/*.tmpl.html"))

// made answers with a page of a desk, unless the request was cancelled.
func (s *Server) made(w http.ResponseWriter, r *http.Request, d *desk, what string, work func(context.Context) (answer, error)) {
	patient(w, writeLimit)
	a, err := d.page(r.Context(), what, work)
	patient(w, writeLimit)
	switch {
	case r.Context().Err() != nil:
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "10")
		problem(w, http.StatusServiceUnavailable, err.Error())
	case err != nil:
		s.failed(w, what, err)
	default:
		w.Header().Set("Content-Type", a.kind)
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body) // a browser that went away is no error
	}
}

// take reads the bundle of a run by its id, and calls use with it. An error concerns this
// run alone.
func (s *Server) take(id string, use func(*results.Bundle) error) error {
	dir, err := s.find(id)
	if err != nil {
		return err
	}
	err = safely(func() error {
		b, err := results.Load(dir)
		if err != nil {
			return err
		}
		return use(b)
	})
	if err != nil {
		s.logOnce("run "+id, err)
	}
	return err
}

// line is why a run is left out.
func line(format, id string, err error) string { return printable.Line(fmt.Sprintf(format, id, err)) }

// rendered is a page of this server's own. Invisible characters in ids of folders and in
// texts of bundles are escaped.
func rendered(name string, data any) (answer, error) {
	return page(func(w io.Writer) error {
		var out strings.Builder
		if err := templates.ExecuteTemplate(&out, name, data); err != nil {
			return err
		}
		_, err := io.WriteString(w, printable.Text(out.String()))
		return err
	})
}

// page is a complete page, or an error.
func page(write func(io.Writer) error) (answer, error) {
	var out bytes.Buffer
	if err := write(&out); err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, "text/html; charset=utf-8", out.Bytes()}, nil
}
