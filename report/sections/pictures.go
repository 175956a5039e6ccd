package sections

import (
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/plot"
)

// pictures are plots as a document has them.
func pictures(list []plot.Picture) []doc.Picture {
	var out []doc.Picture
	for _, p := range list {
		pic := doc.Picture{File: p.File, Title: p.Title, SVG: p.SVG}
		for _, e := range p.Legend {
			pic.Legend = append(pic.Legend, doc.Key{Name: e.Name, Color: e.Ink.Name, Area: e.Area})
		}
		out = append(out, pic)
	}
	return out
}
