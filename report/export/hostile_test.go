package export

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
)

func TestTablesHaveNoFormulas(t *testing.T) {
	b, _ := poisoned(t, fixture.Killed())
	for i, sign := range []string{"=", "+", "-", "@"} {
		b.Run.Phases[i%3].Name = sign + "HYPERLINK(\"http://evil.example\")\t\r\n=1"
		var out bytes.Buffer
		if err := SeriesCSV(&out, b); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		marked := false
		for _, row := range rows[1:] {
			for _, cell := range row[1:4] { // the texts
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@") || strings.ContainsAny(cell, "\t\r\n") {
					t.Fatalf("%q is a formula", cell)
				}
				marked = marked || strings.HasPrefix(cell, "'"+sign)
			}
		}
		if !marked {
			t.Errorf("no phase is there after its apostrophe with %q", sign)
		}
	}
}

func TestJUnitOfHostileRunsIsXML(t *testing.T) {
	b, s := poisoned(t, fixture.Interrupted())
	var out bytes.Buffer
	if err := JUnit(&out, []judge.Judged{{Run: &b.Run, Summary: s}}); err != nil {
		t.Fatal(err)
	}
	var back junitSuites
	if err := xml.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if got := back.Suites[0].Name; !strings.HasPrefix(got, `slotstorm kill-primary\x1b]0;title\x07`) || strings.Contains(out.String(), "\ufffd") {
		t.Errorf("the name is %q", got)
	}
}
