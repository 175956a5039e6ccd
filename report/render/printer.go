package render

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report/doc"
)

// ANSI colours.
const (
	bold    = "1"
	dim     = "2"
	red     = "31"
	green   = "32"
	yellow  = "33"
	magenta = "35"
)

// classColors are those of a badge's class, and severityColors those of findings.
var (
	classColors    = map[string]string{"pass": green, "fail": red, "inconclusive": yellow, "invalid": magenta, "same": dim}
	severityColors = map[string]string{"critical": red, "warning": yellow, "note": dim}
)

type printer struct {
	out   strings.Builder
	color bool
	// width is the longest line of a text, if its words allow. Rows of tables are folded to
	// rows columns; 0 leaves each in a line.
	width, rows int
}

// shown is text that a terminal may have: a word of this program, or what plain
// and paint have made of others'. So what comes from a bundle does not compile
// until it is escaped.
type shown string

// plain is text of others in one line, with what a terminal obeys as escapes.
func plain(s string) shown { return shown(printable.Line(s)) }

func (p *printer) paint(code, s string) shown {
	if !p.color || s == "" || code == "" {
		return plain(s)
	}
	return "\x1b[" + shown(code) + "m" + plain(s) + "\x1b[0m"
}

func (p *printer) line(s shown) { p.out.WriteString(strings.TrimRight(string(s), " ") + "\n") }

func (p *printer) head(title string) {
	p.line("")
	p.line(p.paint(bold, title))
}

// table prints columns with two spaces between.
func (p *printer) table(t doc.Table) {
	titles := make([]string, 0, len(t.Head))
	for _, c := range t.Head {
		titles = append(titles, c.Title)
	}
	width := columnWidths(append([][]string{titles}, t.Rows...))
	lines := p.fold(width)
	cells := func(row []string, paint func(column int, cell string) shown) {
		for n, columns := range lines {
			var line shown
			if n > 0 {
				line = further
			}
			for _, i := range columns {
				space := spaces(row[i], width[i])
				line += "  "
				if t.Head[i].Number {
					line += space + paint(i, row[i])
				} else {
					line += paint(i, row[i]) + space
				}
			}
			p.line(line)
		}
	}
	cells(titles, func(_ int, s string) shown { return p.paint(dim, s) })
	for n, row := range t.Rows {
		cells(row, func(i int, s string) shown {
			if i == 0 {
				return p.paint(classColors[t.Result(n)], s)
			}
			return plain(s)
		})
	}
}

// further begins the second and later lines of a row.
const further = "    "

// fold divides columns of these widths into lines, one if they fit.
func (p *printer) fold(width []int) [][]int {
	lines, used := [][]int{nil}, 0
	for i, w := range width {
		last := len(lines) - 1
		if p.rows > 0 && len(lines[last]) > 0 && used+2+w > p.rows {
			lines, used = append(lines, nil), len(further)
			last++
		}
		lines[last] = append(lines[last], i)
		used += 2 + w
	}
	return lines
}

// newPrinter prints for a terminal of so many columns: tables take all of them, sentences
// TextWidth at most. Without a terminal (0) tables are as wide as they are, because programs
// that cut columns read them.
func newPrinter(color bool, width int) *printer {
	return &printer{color: color, width: min(cmp.Or(width, TextWidth), TextWidth), rows: width}
}

// TextWidth is the width of a text that is not for a terminal; wider ones are hard to read.
const TextWidth = 100

// note prints an explanation.
func (p *printer) note(text string) {
	p.wrap("  ", 2, dim, strings.Join(strings.Fields(text), " "))
}

// wrap prints a text after a lead of so many columns, its further lines below its beginning.
func (p *printer) wrap(lead shown, width int, code, text string) {
	line := ""
	flush := func() {
		p.line(lead + p.paint(code, line))
		lead, line = shown(strings.Repeat(" ", width)), ""
	}
	for word := range strings.SplitSeq(text, " ") {
		if line != "" && width+columns(line+" "+word) > p.width {
			flush()
		}
		if line != "" {
			word = line + " " + word
		}
		line = word
	}
	if line != "" {
		flush()
	}
}

// columns is how many columns of a terminal a text takes.
func columns(s string) int { return utf8.RuneCountInString(string(plain(s))) }

// columnWidths are the widths of the widest cells.
func columnWidths(rows [][]string) []int {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], columns(cell))
		}
	}
	return width
}

// spaces fill a cell up to a width.
func spaces(cell string, width int) shown {
	return shown(strings.Repeat(" ", width-columns(cell)))
}
