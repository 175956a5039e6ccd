package export

import (
	"bytes"
	"io"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
)

// TestFormatsGolden writes the files that the module checks reads with the parsers of
// other programs.
func TestFormatsGolden(t *testing.T) {
	bad, another := fixture.Killed(), fixture.Repeated()
	bad.Run.Audit.Lost = 50
	another.Run.ID = "another"
	another.Run.Name = `quo"te\and` + "\nline"
	poison, s := poisoned(t, fixture.Killed())
	poison.Run.Name = "x\"} 1\nslotstorm_verdict{run=\"forged\"} 1\n# EOF\n\xff"
	for name, render := range map[string]func(io.Writer) error{
		"runs.xml": func(w io.Writer) error { return JUnit(w, judged(t, fixture.Killed(), bad, fixture.Interrupted())) },
		"runs.om":  func(w io.Writer) error { return OpenMetrics(w, judged(t, fixture.Killed(), another)) },
		"hostile.om": func(w io.Writer) error {
			return OpenMetrics(w, []judge.Judged{{Run: &poison.Run, Summary: s}, {Run: &poison.Run, Summary: s}})
		},
	} {
		var out bytes.Buffer
		if err := render(&out); err != nil {
			t.Fatal(err)
		}
		fixture.Golden(t, name, out.Bytes())
	}
}
