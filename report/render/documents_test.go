package render

import (
	"io"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/export"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/sections"
	"github.com/slotstorm/slotstorm/results"
)

func textOf(w io.Writer, b *results.Bundle, s *results.Summary, color bool) error {
	return Text(w, color, 0, sections.Report(b, s))
}

func markdownOf(w io.Writer, b *results.Bundle, s *results.Summary) error {
	return Markdown(w, "#", sections.Report(b, s))
}

func htmlOf(w io.Writer, b *results.Bundle, s *results.Summary) error {
	return HTML(w, sections.Report(b, s))
}

func sheetHTML(w io.Writer, b *results.Bundle, s *results.Summary) error {
	return HTML(w, sections.Sheet(b, s))
}

func sheetMarkdown(w io.Writer, b *results.Bundle, s *results.Summary) error {
	return Markdown(w, "#", sections.Sheet(b, s))
}

func shortOf(w io.Writer, list []judge.Judged) error {
	if err := Markdown(w, "###", sections.Short(list)...); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n") // further ones may be appended
	return err
}

func compareText(w io.Writer, c *compare.Comparison, color bool) error {
	return Text(w, color, 0, sections.Comparison(c))
}

func compareMarkdown(w io.Writer, c *compare.Comparison) error {
	return Markdown(w, "##", sections.Comparison(c))
}

func compareHTML(w io.Writer, c *compare.Comparison) error { return HTML(w, sections.Comparison(c)) }

func trendText(w io.Writer, list []*compare.Trend, color bool) error {
	return Text(w, color, 0, sections.Trends(list)...)
}

func trendMarkdown(w io.Writer, list []*compare.Trend) error {
	return Markdown(w, "##", sections.Trends(list)...)
}

func trendHTML(w io.Writer, list []*compare.Trend) error { return HTML(w, sections.Trends(list)...) }

func capacityText(w io.Writer, c *compare.Capacity, color bool) error {
	return Text(w, color, 0, sections.Capacity(c))
}

func capacityMarkdown(w io.Writer, c *compare.Capacity) error {
	return Markdown(w, "##", sections.Capacity(c))
}

func capacityHTML(w io.Writer, c *compare.Capacity) error { return HTML(w, sections.Capacity(c)) }

func auditOf(w io.Writer, b *results.Bundle, s *results.Summary) error {
	return Text(w, false, 0, sections.Audited(b, s, sections.AuditView{Findings: true}))
}

func matrixOf(w io.Writer, runs []judge.Judged) error {
	return Text(w, false, TextWidth, sections.Matrix(runs))
}

func junit(w io.Writer, b *results.Bundle, s *results.Summary) error {
	return export.JUnit(w, []judge.Judged{{Run: &b.Run, Summary: s}})
}
