package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update makes it)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is rendered: look at both, then go test -update\n%s", path, firstDifference(want, got))
	}
}

func firstDifference(want, got []byte) string {
	w, g := bytes.Split(want, []byte("\n")), bytes.Split(got, []byte("\n"))
	for i := range min(len(w), len(g)) {
		if !bytes.Equal(w[i], g[i]) {
			return "want: " + string(w[i]) + "\ngot:  " + string(g[i])
		}
	}
	return "one is longer than the other"
}

func TestGolden(t *testing.T) {
	plain := func(w io.Writer, b *results.Bundle, s *results.Summary) error { return Text(w, b, s, false) }
	colored := func(w io.Writer, b *results.Bundle, s *results.Summary) error { return Text(w, b, s, true) }
	for _, tt := range []struct {
		file   string
		bundle *results.Bundle
		render func(io.Writer, *results.Bundle, *results.Summary) error
	}{
		{"killed.txt", killed(), plain},
		{"killed-color.txt", killed(), colored},
		{"killed.md", killed(), Markdown},
		{"killed.xml", killed(), JUnit},
		{"killed.html", killed(), HTML},
		{"quiet.txt", quiet(), plain},
		{"interrupted.txt", interrupted(), plain},
		{"interrupted.xml", interrupted(), JUnit},
		{"repeated.txt", repeated(), plain},
		{"repeated.md", repeated(), Markdown},
		{"lossy.txt", lossy(), plain},
		{"pods.txt", onPods(), plain},
		{"pods.md", onPods(), Markdown},
		{"pods.html", onPods(), HTML},
	} {
		t.Run(tt.file, func(t *testing.T) {
			s, err := Analyze(tt.bundle)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := tt.render(&out, tt.bundle, s); err != nil {
				t.Fatal(err)
			}
			golden(t, tt.file, out.Bytes())
		})
	}
}
