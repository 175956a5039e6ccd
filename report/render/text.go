package render

import (
	"io"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
)

// Text writes documents for a terminal of so many columns, or elsewhere (0). Color adds ANSI
// colours; without it the bytes are plain UTF-8.
func Text(w io.Writer, color bool, width int, list ...doc.Document) error {
	p := newPrinter(color, width)
	for i, d := range list {
		if i > 0 {
			p.line("")
		}
		p.document(d)
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

func (p *printer) document(d doc.Document) {
	p.title(d)
	if d.Facts != "" {
		p.wrap("  ", 2, dim, d.Facts)
	}
	for _, s := range d.Sides {
		p.line("  " + p.paint(dim, s.Name) + "  " + plain(s.Text))
	}
	for _, reason := range d.Reasons {
		p.wrap("  • ", 4, "", reason)
	}
	for _, b := range d.HeadFor(doc.Terminal) {
		p.block(b, "")
	}
	for _, s := range d.For(doc.Terminal) {
		heading := ""
		if titleOf(s.Blocks[0]) == "" {
			heading = s.Title
			p.head(heading)
		}
		for _, b := range s.Blocks {
			p.block(b, heading)
		}
	}
	p.closing(d.Closing)
}

func (p *printer) title(d doc.Document) {
	tone := bold + ";" + classColors[d.Badge.Class]
	switch {
	case d.Badge.Mark == "":
		line := p.paint(bold, d.Title)
		if d.Lead != "" {
			line += "  " + plain(d.Lead)
		}
		p.line(line)
	case d.Badge.InTitle:
		p.line(p.paint(tone, d.Badge.Mark+" "+strings.ToUpper(d.Title)))
	default:
		p.line(p.paint(tone, d.Badge.Mark+" "+strings.ToUpper(d.Badge.Word)) + "  " + p.paint(bold, d.Title))
	}
}

// closing prints the lines at the end, which a reader sees first.
func (p *printer) closing(list []doc.Side) {
	if len(list) == 0 {
		return
	}
	var names [][]string
	for _, s := range list {
		names = append(names, []string{s.Name})
	}
	width := columnWidths(names)[0]
	p.line("")
	for _, s := range list {
		if s.Name == "" {
			p.line(p.paint(classColors[s.Class], s.Text))
			continue
		}
		p.line(p.paint(dim, s.Name) + spaces(s.Name, width) + "  " + plain(s.Text))
	}
}

// block prints a part of a section under a heading.
func (p *printer) block(b doc.Block, heading string) {
	if title := titleOf(b); title != "" && title != heading {
		p.head(title)
	}
	switch b := b.(type) {
	case doc.Table:
		p.table(b)
		p.note(flat(b.Note))
	case doc.Terms:
		p.terms(b)
	case doc.Findings:
		p.findings(b)
	case doc.List:
		p.list(b)
	case doc.Line:
		p.wrap("  ", 2, "", string(b))
	case doc.Callout:
		p.wrap("  "+p.paint(yellow, "!")+" ", 4, "", string(b))
	case doc.Note:
		p.note(flat(b.Text))
	case doc.Files:
		p.line("  " + plain(b.Title+": "+strings.Join(b.Names, ", ")))
	case doc.Strips:
		for _, s := range b {
			p.line("  " + plain(s.Name) + "  " + plain(s.Text))
		}
	case doc.Code:
		for line := range strings.Lines(b.Text) {
			p.line("  " + plain(strings.TrimSuffix(line, "\n")))
		}
	}
}

func (p *printer) list(l doc.List) {
	for _, item := range l.Items {
		if l.Warn {
			p.wrap("  "+p.paint(yellow, "!")+" ", 4, "", item)
		} else {
			p.wrap("  ", 2, "", item)
		}
	}
}

func (p *printer) terms(t doc.Terms) {
	var names [][]string
	for _, pair := range t.Pairs {
		names = append(names, []string{pair[0]})
	}
	width := columnWidths(names)[0]
	for _, pair := range t.Pairs {
		p.line("  " + p.paint(dim, pair[0]) + spaces(pair[0], width) + "  " + plain(pair[1]))
	}
}

func (p *printer) findings(list doc.Findings) {
	for _, f := range list {
		p.wrap("  "+p.paint(severityColors[f.Severity], f.Severity)+"  ", 4+columns(f.Severity), "", f.Title)
		for _, e := range f.Evidence {
			p.wrap("    • ", 6, "", e)
		}
		if f.Advice != "" {
			p.wrap("    → ", 6, "", f.Advice)
		}
	}
}
