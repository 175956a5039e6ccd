package render

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"github.com/slotstorm/slotstorm/internal/printable"
)

var (
	//go:embed report.tmpl.html
	pageText string
	//go:embed report.css
	pageCSS string

	pageTemplate = template.Must(template.New("report").Parse(pageText))
)

type objectiveRow struct{ Class, Mark, Name, Shown, Margin, Evidence string }

type figure struct {
	Title  string
	Legend []legendView
	SVG    template.HTML
}

type legendView struct {
	Name, Color string
	Area        bool
}

// execute writes a page. The template escapes what HTML would obey; what a reader
// would not see, or see in another order, is shown as escapes by the way.
func execute[T any](w io.Writer, t *template.Template, view T) error {
	var out bytes.Buffer
	if err := t.Execute(&out, view); err != nil {
		return fmt.Errorf("rendering the page: %w", err)
	}
	_, err := io.WriteString(w, printable.Text(out.String()))
	return err
}
