package render

import (
	"io"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
)

// Markdown writes documents as GitHub-flavoured Markdown, whose titles are headings of a
// level. Pictures are linked from the bundle's folder.
func Markdown(w io.Writer, level string, list ...doc.Document) error {
	m := &markup{}
	for i, d := range list {
		if i > 0 {
			m.p("\n")
		}
		m.document(level, d)
	}
	_, err := io.WriteString(w, m.String())
	return err
}

func (m *markup) document(level string, d doc.Document) {
	m.title(level, d)
	m.paragraph(d.Facts)
	for i, s := range d.Sides {
		m.p([]string{"\n", " "}[min(i, 1)]+"%s: %s.", s.Name, s.Text)
		if i == len(d.Sides)-1 {
			m.p("\n")
		}
	}
	m.list(d.Reasons)
	for _, b := range d.HeadFor(doc.Markdown) {
		m.block(b)
	}
	for _, s := range d.For(doc.Markdown) {
		m.section(level+"#", s)
	}
}

func (m *markup) title(level string, d doc.Document) {
	b := d.Badge
	switch {
	case b.Mark == "" && d.Lead == "":
		m.p(level+" %s\n", d.Title)
	case b.Mark == "":
		m.p(level+" %s: %s\n", d.Title, d.Lead)
	case b.InTitle:
		m.p(level+" %s %s\n", b.Mark, d.Title)
	default:
		m.p(level+" %s %s: %s\n", b.Mark, strings.ToUpper(b.Word), d.Title)
	}
}

// section writes a section under its title, or, if it begins with a block that has one,
// under that.
func (m *markup) section(level string, s doc.Section) {
	heading := ""
	if titleOf(s.Blocks[0]) == "" {
		heading = s.Title
		m.p("\n"+level+" %s\n", heading)
		level += "#"
	}
	for _, b := range s.Blocks {
		if title := titleOf(b); title != "" && title != heading {
			m.p("\n"+level+" %s\n", title)
		}
		m.block(b)
	}
}

func (m *markup) block(b doc.Block) {
	switch b := b.(type) {
	case doc.Table:
		m.p("\n")
		m.table(b)
		m.prose(b.Note)
	case doc.Terms:
		t := doc.Table{Head: doc.Columns("", "")}
		for _, pair := range b.Pairs {
			t.Rows = append(t.Rows, pair[:])
		}
		m.p("\n")
		m.table(t)
	case doc.Findings:
		m.findings(b)
	case doc.List:
		m.list(b.Items)
	case doc.Line:
		m.paragraph(string(b))
	case doc.Callout:
		m.paragraph(string(b))
	case doc.Note:
		m.prose(b.Text)
	case doc.Files:
		m.paragraph(b.Title + ": " + strings.Join(b.Names, ", "))
	case doc.Strips:
		for _, s := range b {
			m.list([]string{s.Name + ": " + s.Text})
		}
	case doc.Code:
		m.verbatim(b)
	case doc.Pictures:
		m.p("\n")
		for _, pic := range b() {
			m.p("![%s](%s/%s.png)\n", pic.Title, doc.PlotsDir, pic.File)
		}
	}
}

func (m *markup) verbatim(c doc.Code) {
	m.p("\n")
	if c.Lead == "" {
		m.shell(c.Text)
		return
	}
	m.p("%s: ", c.Lead)
	m.code(c.Text)
	m.p("\n")
}

func (m *markup) findings(list doc.Findings) {
	m.p("\n")
	for _, f := range list {
		m.p("- **%s: %s.** %s\n", f.Severity, f.Title, f.Advice)
		for _, e := range f.Evidence {
			m.p("  - %s\n", e)
		}
	}
}
