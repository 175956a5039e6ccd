package render

import (
	"regexp"
	"strings"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report/doc"
)

// markup is a Markdown page under way. What p writes is escaped, so that what
// comes from a bundle stays text: no link, no picture that shows its host who
// reads, no HTML, no heading, no further row of a table.
type markup struct{ strings.Builder }

// p writes format, which is markup of this program, with texts in its %s.
func (m *markup) p(format string, texts ...string) {
	for i, part := range strings.Split(format, "%s") {
		if i > 0 {
			m.WriteString(escape(texts[i-1]))
		}
		m.WriteString(part)
	}
}

// list writes a list after an empty line; nothing if it is empty.
func (m *markup) list(texts []string) {
	for i, text := range texts {
		if i == 0 {
			m.p("\n")
		}
		m.p("- %s\n", text)
	}
}

// paragraph writes a text of its own; nothing if it is empty.
func (m *markup) paragraph(text string) {
	if text != "" {
		m.p("\n%s\n", text)
	}
}

// table writes a table without its title.
func (m *markup) table(t doc.Table) {
	m.p("|")
	for _, c := range t.Head {
		m.WriteString(" " + inline(c.Title) + " |")
	}
	m.p("\n|")
	for _, c := range t.Head {
		if c.Number {
			m.p("---:|")
		} else {
			m.p("---|")
		}
	}
	m.p("\n")
	for _, row := range t.Rows {
		m.p("|")
		for _, cell := range row {
			m.WriteString(" " + inline(cell) + " |")
		}
		m.p("\n")
	}
}

// prose writes a text of its own, with what stands out in it.
func (m *markup) prose(t doc.Text) {
	if len(t) == 0 {
		return
	}
	m.p("\n")
	for i, part := range t {
		text := inline(part.Text)
		if i == 0 {
			text = escape(part.Text)
		}
		switch {
		case part.Em:
			text = "*" + text + "*"
		case part.Code:
			m.code(part.Text)
			continue
		}
		m.WriteString(outer(part.Text, text))
	}
	m.p("\n")
}

// outer gives an escaped text the spaces that were around it.
func outer(text, escaped string) string {
	if strings.HasPrefix(text, " ") {
		escaped = " " + escaped
	}
	if strings.HasSuffix(text, " ") {
		escaped += " "
	}
	return escaped
}

// shell writes a command as a block of code, which ends where it should,
// whatever is in the command.
func (m *markup) shell(command string) {
	fence := strings.Repeat("`", max(3, longestTicks(command)+1))
	m.WriteString(fence + "sh\n" + printable.Text(command) + "\n" + fence + "\n")
}

// code writes a text of one line as code.
func (m *markup) code(text string) {
	text = printable.Line(text)
	ticks := strings.Repeat("`", longestTicks(text)+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	m.WriteString(ticks + text + ticks)
}

// longestTicks is the most backticks in a row.
func longestTicks(s string) int {
	most, now := 0, 0
	for _, r := range s {
		if r != '`' {
			now = 0
			continue
		}
		now++
		most = max(most, now)
	}
	return most
}

var (
	// Signs that mean something wherever they stand. Of '&', so that no entity
	// brings back what was escaped; of '$', which some read as a formula.
	signs = strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "<", "&lt;", "&", "&amp;", "`", "\\`", "[", `\[`, "]", `\]`, "$", `\$`)
	// A tilde before a word strikes it out.
	strike = regexp.MustCompile(`~+[^ ~]`)
	// Text that renderers make a link by its looks.
	address = regexp.MustCompile(`(?i)\b(https?://|ftp://|www\.|mailto:|xmpp:)`)
	// A name after an @ is called by those who render it, if no word is before it.
	mention = regexp.MustCompile(`(^|[^0-9A-Za-z])@([0-9A-Za-z])`)
	// Signs that make a line a heading, a list, a quotation, a rule or code.
	block = regexp.MustCompile(`^(#{1,6}|[-+])( |$)|^(>|~~~)|^=+ *$|^-[- ]*$`)
	// So does a number with a full stop or a parenthesis.
	numbered = regexp.MustCompile(`^([0-9]{1,9})([.)])( |$)`)
)

// escape keeps text from being read as markup, wherever it stands, and shows
// what would not show.
func escape(s string) string {
	s = numbered.ReplaceAllString(inline(s), `$1\$2$3`)
	if block.MatchString(s) {
		return `\` + s
	}
	return s
}

// inline is escape for text that does not begin a line.
func inline(s string) string {
	s = printable.Line(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\t' }), " "))
	s = signs.Replace(strings.TrimSpace(s))
	s = strike.ReplaceAllStringFunc(s, func(a string) string { return strings.ReplaceAll(a, "~", `\~`) })
	s = address.ReplaceAllStringFunc(s, func(a string) string {
		return strings.NewReplacer("://", `:\//`, ".", `\.`, ":", `\:`).Replace(a)
	})
	return mention.ReplaceAllString(s, "$1@<!-- -->$2")
}
