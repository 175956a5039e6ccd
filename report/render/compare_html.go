package render

import (
	_ "embed"
	"html/template"
	"io"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/plot"
)

var (
	//go:embed compare.tmpl.html
	comparePageText string
	// pagesCSS is for the pages that are about many runs.
	//go:embed pages.css
	pagesCSS string

	comparePage = template.Must(template.Must(pageTemplate.Clone()).New("comparison").Parse(comparePageText))
)

// CompareHTML writes the comparison as one file that needs nothing else.
func CompareHTML(w io.Writer, c *compare.Comparison) error {
	view := struct {
		C                       *compare.Comparison
		CSS                     template.CSS
		Class, Mark, A, B, Note string
		Judged, Notable, Rest   doc.Table
		Pooled, Differs, Runs   doc.Table
		Dots, Overlays          []figure
	}{
		C: c, CSS: template.CSS(pageCSS + pagesCSS), Class: answerClass[c.Answer], Mark: answerMarks[c.Answer],
		A: sideLine(c.A), B: sideLine(c.B), Note: comparisonNote,
		Judged: judgedTable(c), Notable: notableTable(c), Rest: restTable(c),
		Pooled: pooledTable(c), Differs: differsTable(c), Runs: runsTable(c),
	}
	var err error
	if view.Dots, err = figures(plot.DotPictures(c)); err != nil {
		return err
	}
	if view.Overlays, err = figures(plot.OverlayPictures(c)); err != nil {
		return err
	}
	return execute(w, comparePage, view)
}

// figures are pictures for a page.
func figures(list []plot.Picture) ([]figure, error) {
	var out []figure
	for _, p := range list {
		svg, err := p.SVG()
		if err != nil {
			return nil, err
		}
		f := figure{Title: p.Title, SVG: template.HTML(svg)}
		for _, e := range p.Legend {
			f.Legend = append(f.Legend, legendView{e.Name, e.Ink.Name, e.Area})
		}
		out = append(out, f)
	}
	return out, nil
}
