package report

import (
	"bytes"
	"io"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

func judged(t *testing.T, bundles ...*results.Bundle) []Judged {
	t.Helper()
	var list []Judged
	for _, b := range bundles {
		list = append(list, Judged{Run: &b.Run, Summary: summary(t, b)})
	}
	return list
}

// TestFormatsGolden writes the files that the module checks reads with the parsers of
// other programs.
func TestFormatsGolden(t *testing.T) {
	bad, another := killed(), repeated()
	bad.Run.Audit.Lost = 50
	another.Run.ID = "another"
	another.Run.Name = `quo"te\and` + "\nline"
	poison, s := poisoned(t, killed())
	poison.Run.Name = "x\"} 1\nslotstorm_verdict{run=\"forged\"} 1\n# EOF\n\xff"
	for name, render := range map[string]func(io.Writer) error{
		"runs.xml":   func(w io.Writer) error { return JUnitRuns(w, judged(t, killed(), bad, interrupted())) },
		"runs.om":    func(w io.Writer) error { return OpenMetrics(w, judged(t, killed(), another)) },
		"hostile.om": func(w io.Writer) error { return OpenMetrics(w, []Judged{{&poison.Run, s}, {&poison.Run, s}}) },
	} {
		var out bytes.Buffer
		if err := render(&out); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.Bytes())
	}
}

func TestShortGolden(t *testing.T) {
	var out bytes.Buffer
	if err := Short(&out, judged(t, killed(), interrupted())); err != nil {
		t.Fatal(err)
	}
	golden(t, "short.md", out.Bytes())
}
