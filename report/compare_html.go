package report

import (
	_ "embed"
	"html/template"
	"io"
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
func CompareHTML(w io.Writer, c *Comparison) error {
	view := struct {
		C                       *Comparison
		CSS                     template.CSS
		Class, Mark, A, B, Note string
		Judged, Notable, Rest   table
		Pooled, Differs, Runs   table
		Dots, Overlays          []figure
	}{
		C: c, CSS: template.CSS(pageCSS + pagesCSS), Class: answerClass[c.Answer], Mark: answerMarks[c.Answer],
		A: c.A.line(), B: c.B.line(), Note: comparisonNote,
		Judged: c.judgedTable(), Notable: c.notableTable(), Rest: c.restTable(),
		Pooled: c.pooledTable(), Differs: c.differsTable(), Runs: c.runsTable(),
	}
	var err error
	if view.Dots, err = figures(c.dotPictures()); err != nil {
		return err
	}
	if view.Overlays, err = figures(c.overlayPictures()); err != nil {
		return err
	}
	return execute(w, comparePage, view)
}

// figures are pictures for a page.
func figures(list []picture) ([]figure, error) {
	var out []figure
	for _, p := range list {
		svg, err := p.svg()
		if err != nil {
			return nil, err
		}
		f := figure{Title: p.title, SVG: template.HTML(svg)}
		for _, e := range p.legend {
			f.Legend = append(f.Legend, legendView{e.Name, e.ink.name, e.Area})
		}
		out = append(out, f)
	}
	return out, nil
}
