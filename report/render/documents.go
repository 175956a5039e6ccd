package render

import (
	"io"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/sections"
	"github.com/slotstorm/slotstorm/results"
)

// Text writes the terminal's summary of a run: the verdict first, the place of the full
// report last.
func Text(w io.Writer, b *results.Bundle, s *results.Summary, color bool) error {
	return text(w, color, sections.Report(b, s))
}

// Markdown writes the report of a run, for a job summary or a change record.
func Markdown(w io.Writer, b *results.Bundle, s *results.Summary) error {
	return markdown(w, "#", sections.Report(b, s))
}

// HTML writes the report of a run as one file.
func HTML(w io.Writer, b *results.Bundle, s *results.Summary) error {
	return page(w, sections.Report(b, s))
}

// SheetHTML writes the sheet of an upgrade as one file.
func SheetHTML(w io.Writer, b *results.Bundle, s *results.Summary) error {
	return page(w, sections.Sheet(b, s))
}

// SheetMarkdown writes the same for a change record.
func SheetMarkdown(w io.Writer, b *results.Bundle, s *results.Summary) error {
	return markdown(w, "#", sections.Sheet(b, s))
}

// Short writes what a pull request or a job summary has room for: of each run
// the verdict, why, and the objectives.
func Short(w io.Writer, list []judge.Judged) error {
	if err := markdown(w, "###", sections.Short(list)...); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n") // further ones may be appended
	return err
}

// CompareText writes a comparison for a terminal.
func CompareText(w io.Writer, c *compare.Comparison, color bool) error {
	return text(w, color, sections.Comparison(c))
}

// CompareMarkdown writes a comparison for a pull request or a job summary.
func CompareMarkdown(w io.Writer, c *compare.Comparison) error {
	return markdown(w, "##", sections.Comparison(c))
}

// CompareHTML writes a comparison as one file.
func CompareHTML(w io.Writer, c *compare.Comparison) error { return page(w, sections.Comparison(c)) }

// TrendText writes trends for a terminal.
func TrendText(w io.Writer, list []*compare.Trend, color bool) error {
	return text(w, color, sections.Trends(list)...)
}

// TrendMarkdown writes trends for a job summary.
func TrendMarkdown(w io.Writer, list []*compare.Trend) error {
	return markdown(w, "##", sections.Trends(list)...)
}

// TrendHTML writes trends as one file.
func TrendHTML(w io.Writer, list []*compare.Trend) error { return page(w, sections.Trends(list)...) }

// CapacityText writes an answer on capacity for a terminal.
func CapacityText(w io.Writer, c *compare.Capacity, color bool) error {
	return text(w, color, sections.Capacity(c))
}

// CapacityMarkdown writes the answer with every step.
func CapacityMarkdown(w io.Writer, c *compare.Capacity) error {
	return markdown(w, "##", sections.Capacity(c))
}

// CapacityHTML writes the answer as one file.
func CapacityHTML(w io.Writer, c *compare.Capacity) error { return page(w, sections.Capacity(c)) }

// AuditText is how Audit prints.
type AuditText struct {
	Color bool
	// Findings lists every one.
	Findings bool
	// Same: the run itself came to the same answer.
	Same bool
}

// Audit writes what became of a run's audited writes, as 'slotstorm audit' shows
// it.
func Audit(w io.Writer, b *results.Bundle, s *results.Summary, o AuditText) error {
	p := &printer{color: o.Color}
	p.document(sections.Audited(b, s, o.Findings))
	p.line("")
	if o.Same {
		p.line("The run itself came to the same answer.")
	} else {
		p.line(p.paint(red, "The run itself came to another answer") + ": its bundle, or the program that judges it, is not what it was.")
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// Matrix writes the runs of a matrix side by side, without a frame.
func Matrix(w io.Writer, runs []judge.Judged) error {
	t := sections.Matrix(runs)
	var head []string
	for _, c := range t.Head {
		head = append(head, c.Title)
	}
	if len(head) == 0 {
		return nil
	}
	cells := append([][]string{head}, t.Rows...)
	width := columnWidths(cells)
	p := &printer{}
	for _, row := range cells {
		var line shown
		for i, cell := range row {
			line += plain(cell) + spaces(cell, width[i]) + "  "
		}
		p.line(line)
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}
