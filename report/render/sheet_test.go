package render

import (
	"bytes"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/report/judge"
)

func TestSheetGolden(t *testing.T) {
	b := fixture.Upgraded()
	s, err := judge.Analyze(b)
	if err != nil {
		t.Fatal(err)
	}
	var page, text, terminal bytes.Buffer
	if err := sheetHTML(&page, b, s); err != nil {
		t.Fatal(err)
	}
	if err := sheetMarkdown(&text, b, s); err != nil {
		t.Fatal(err)
	}
	if err := textOf(&terminal, b, s, false); err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, "upgraded.html", page.Bytes())
	fixture.Golden(t, "upgraded.md", text.Bytes())
	fixture.Golden(t, "upgraded.txt", terminal.Bytes())
}
