package render

import (
	"bytes"
	"io"
	"testing"

	"github.com/slotstorm/slotstorm/report/export"
	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

func TestShortGolden(t *testing.T) {
	var out bytes.Buffer
	if err := Short(&out, judged(t, fixture.Killed(), fixture.Interrupted())); err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, "short.md", out.Bytes())
}

func TestGolden(t *testing.T) {
	plain := func(w io.Writer, b *results.Bundle, s *results.Summary) error { return Text(w, b, s, false) }
	colored := func(w io.Writer, b *results.Bundle, s *results.Summary) error { return Text(w, b, s, true) }
	for _, tt := range []struct {
		file   string
		bundle *results.Bundle
		render func(io.Writer, *results.Bundle, *results.Summary) error
	}{
		{"killed.txt", fixture.Killed(), plain},
		{"killed-color.txt", fixture.Killed(), colored},
		{"killed.md", fixture.Killed(), Markdown},
		{"killed.xml", fixture.Killed(), export.JUnit},
		{"killed.html", fixture.Killed(), HTML},
		{"quiet.txt", fixture.Quiet(), plain},
		{"interrupted.txt", fixture.Interrupted(), plain},
		{"interrupted.xml", fixture.Interrupted(), export.JUnit},
		{"repeated.txt", fixture.Repeated(), plain},
		{"repeated.md", fixture.Repeated(), Markdown},
		{"lossy.txt", fixture.Lossy(), plain},
		{"pods.txt", fixture.OnPods(), plain},
		{"pods.md", fixture.OnPods(), Markdown},
		{"pods.html", fixture.OnPods(), HTML},
	} {
		t.Run(tt.file, func(t *testing.T) {
			s, err := judge.Analyze(tt.bundle)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := tt.render(&out, tt.bundle, s); err != nil {
				t.Fatal(err)
			}
			fixture.Golden(t, tt.file, out.Bytes())
		})
	}
}
