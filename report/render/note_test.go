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
	if err := Text(&out, false, TextWidth, d); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "  a: µµµ") || !strings.HasSuffix(out.String(), " end\n") {
		t.Errorf("the note is not there: %q", out.String())
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > TextWidth {
			t.Errorf("a line of %d columns: %q", n, line)
		}
	}
}

// Prose has the width of the terminal; tables have that of their cells.
func TestTextFitsTheTerminal(t *testing.T) {
	words := strings.Repeat("word ", 60)
	d := doc.Document{
		Title: "title", Facts: words, Reasons: []string{words},
		Sections: []doc.Section{{Title: "section", Blocks: []doc.Block{doc.Note{Text: doc.Prose(words)}}}},
	}
	for _, width := range []int{60, 80, 100} {
		var out strings.Builder
		if err := Text(&out, false, width, d); err != nil {
			t.Fatal(err)
		}
		longest := 0
		for line := range strings.Lines(out.String()) {
			longest = max(longest, columns(strings.TrimRight(line, "\n")))
		}
		if longest > width || longest < width-len("word ") {
			t.Errorf("the longest line has %d columns of %d:\n%s", longest, width, out.String())
		}
	}
}
