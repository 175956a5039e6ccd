// Package render shows documents as text for a terminal, as Markdown and as HTML. Text
// that comes from a bundle is escaped for each of them.
package render

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report/doc"
)

var (
	//go:embed page.tmpl.html
	pageText string
	//go:embed report.css
	pageCSS string
	//go:embed sheet.css
	sheetCSS string

	pageTemplate = template.Must(template.New("page").Parse(pageText))
)

// pageView is what the template shows.
type pageView struct {
	CSS       template.CSS
	First     doc.Document
	Documents []documentView
}

type documentView struct {
	doc.Document
	Head     []blockView
	Sections []sectionView
}

type sectionView struct {
	doc.Section
	Blocks []blockView
}

// blockView is a block with the name of its template.
type blockView struct {
	Kind  string
	Block doc.Block
	// Heading is its own, where it is not that of the section.
	Heading string
	// ID is the anchor of its heading.
	ID       string
	Pictures []pictureView
	// Inner are the blocks in details.
	Inner []blockView
}

type pictureView struct {
	doc.Picture
	Drawn template.HTML
}

// HTML writes documents as one file that needs nothing else: no network, no font, no
// script. It follows the reader's light or dark setting and prints. The template escapes
// what HTML would obey; what a reader would not see, or see in another order, is shown
// as escapes.
func HTML(w io.Writer, list ...doc.Document) error {
	view := pageView{CSS: template.CSS(pageCSS)}
	for i, d := range list {
		if i == 0 {
			view.First = d
		}
		v, err := viewOf(d)
		if err != nil {
			return err
		}
		view.Documents = append(view.Documents, v)
	}
	if view.First.Style == doc.Sheet {
		view.CSS += template.CSS(sheetCSS)
	}
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, view); err != nil {
		return fmt.Errorf("rendering the page: %w", err)
	}
	_, err := io.WriteString(w, printable.Text(out.String()))
	return err
}

func viewOf(d doc.Document) (documentView, error) {
	v := documentView{Document: d}
	var err error
	if v.Head, err = blockViews(d.HeadFor(doc.Page), ""); err != nil {
		return v, err
	}
	for _, s := range d.For(doc.Page) {
		blocks, err := blockViews(s.Blocks, s.Title)
		if err != nil {
			return v, err
		}
		v.Sections = append(v.Sections, sectionView{s, blocks})
	}
	return v, nil
}

// blockViews are blocks under a heading.
func blockViews(list []doc.Block, heading string) ([]blockView, error) {
	var out []blockView
	for _, b := range list {
		v := blockView{Block: b, Kind: kindOf(b)}
		if title := titleOf(b); title != heading {
			v.Heading = title
		}
		var err error
		switch b := b.(type) {
		case doc.Table:
			v.ID = b.ID
		case doc.Details:
			if v.Inner, err = blockViews(b.Blocks, titleOf(b.Blocks[len(b.Blocks)-1])); err != nil {
				return nil, err
			}
		case doc.Pictures:
			if v.Pictures, err = draw(b()); err != nil {
				return nil, err
			}
		}
		out = append(out, v)
	}
	return out, nil
}

func draw(list []doc.Picture) ([]pictureView, error) {
	var out []pictureView
	for _, p := range list {
		svg, err := p.SVG()
		if err != nil {
			return nil, err
		}
		out = append(out, pictureView{p, template.HTML(svg)})
	}
	return out, nil
}

// kindOf is the name of a block's template.
func kindOf(b doc.Block) string {
	switch b.(type) {
	case doc.Table:
		return "table"
	case doc.Terms:
		return "terms"
	case doc.Findings:
		return "findings"
	case doc.List:
		return "list"
	case doc.Line:
		return "line"
	case doc.Callout:
		return "callout"
	case doc.Note:
		return "note"
	case doc.Files:
		return "files"
	case doc.Strips:
		return "strips"
	case doc.Code:
		return "code"
	case doc.Pictures:
		return "pictures"
	case doc.Fields:
		return "fields"
	case doc.Details:
		return "details"
	}
	return ""
}

// Sentence is a line with a capital letter and a full stop.
func (v blockView) Sentence() string {
	text := fmt.Sprint(v.Block)
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(text[size:], ".") + "."
}
