package render

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/report/doc"
)

// The text report explains its headings as the other formats do, in lines that fit.
func TestNoteIsWrapped(t *testing.T) {
	table := doc.Table{Title: "T", Head: doc.Columns("a"), Rows: [][]string{{"b"}}, Note: doc.Prose("*a*: " + strings.Repeat("µµµ ", 60) + "end")}
	var out strings.Builder
	d := doc.Document{Title: "D", Sections: []doc.Section{{Title: "T", Blocks: []doc.Block{table}}}}
	if err := Text(&out, false, d); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "  a: µµµ") || !strings.HasSuffix(out.String(), " end\n") {
		t.Errorf("the note is not there: %q", out.String())
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > textWidth {
			t.Errorf("a line of %d columns: %q", n, line)
		}
	}
}
