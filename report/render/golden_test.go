package render

import (
	"bytes"
	"io"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

func TestShortGolden(t *testing.T) {
	var out bytes.Buffer
	if err := shortOf(&out, judged(t, fixture.Killed(), fixture.Interrupted())); err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, "short.md", out.Bytes())
}

func TestGolden(t *testing.T) {
	plain := func(w io.Writer, b *results.Bundle, s *results.Summary) error { return textOf(w, b, s, false) }
	colored := func(w io.Writer, b *results.Bundle, s *results.Summary) error { return textOf(w, b, s, true) }
	for _, tt := range []struct {
		file   string
		bundle *results.Bundle
		render func(io.Writer, *results.Bundle, *results.Summary) error
	}{
		{"killed.txt", fixture.Killed(), plain},
		{"killed-color.txt", fixture.Killed(), colored},
		{"killed.md", fixture.Killed(), markdownOf},
		{"killed.xml", fixture.Killed(), junit},
		{"killed.html", fixture.Killed(), htmlOf},
		{"quiet.txt", fixture.Quiet(), plain},
		{"interrupted.txt", fixture.Interrupted(), plain},
		{"interrupted.xml", fixture.Interrupted(), junit},
		{"repeated.txt", fixture.Repeated(), plain},
		{"repeated.md", fixture.Repeated(), markdownOf},
		{"lossy.txt", fixture.Lossy(), plain},
		{"pods.txt", fixture.OnPods(), plain},
		{"pods.md", fixture.OnPods(), markdownOf},
		{"pods.html", fixture.OnPods(), htmlOf},
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
