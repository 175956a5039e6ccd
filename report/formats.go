package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/export"
	"github.com/slotstorm/slotstorm/report/render"
)

// Format is a way to write results.
type Format struct {
	Name string
	// Of are the kinds of results that it can write.
	Of []Kind
	// Files are the names that it has in the folder of a run, by kind.
	Files map[Kind]string
	// Appends: a result is added to a file that exists.
	Appends bool
	// Write writes a result of one of the kinds, with ANSI colours if they are wanted and
	// the format has them.
	Write func(w io.Writer, r Result, color bool) error
}

// Formats are all of them. A further one is a further element.
func Formats() []Format {
	runs := []Kind{Run, Runs, Matrix}
	pages := []Kind{Run, Sheet, Matrix, Comparison, Trend, Capacity, Tuning, Audit}
	return []Format{
		{Name: "text", Of: []Kind{Run, Matrix, Comparison, Trend, Capacity, Tuning, Audit, Load}, Write: text},
		{Name: "markdown", Of: pages, Files: map[Kind]string{Run: doc.MarkdownFile, Sheet: doc.SheetMarkdownFile},
			Write: func(w io.Writer, r Result, _ bool) error { return render.Markdown(w, r.level, r.documents...) }},
		{Name: "html", Of: pages, Files: map[Kind]string{Run: doc.HTMLFile, Sheet: doc.SheetHTMLFile},
			Write: func(w io.Writer, r Result, _ bool) error { return render.HTML(w, r.documents...) }},
		{Name: "json", Of: append([]Kind{Comparison, Trend, Capacity, Tuning, Audit, Load}, runs...),
			Write: func(w io.Writer, r Result, _ bool) error { return JSON(w, r.record) }},
		{Name: "junit", Of: runs, Files: map[Kind]string{Run: doc.JUnitFile},
			Write: func(w io.Writer, r Result, _ bool) error { return export.JUnit(w, r.runs) }},
		{Name: "summary", Of: append([]Kind{Comparison, Trend, Capacity, Tuning}, runs...), Appends: true, Write: brief},
		{Name: "openmetrics", Of: runs,
			Write: func(w io.Writer, r Result, _ bool) error { return export.OpenMetrics(w, r.runs) }},
		{Name: "csv", Of: []Kind{Run, Trend, Load}, Write: table},
		{Name: "jsonl", Of: []Kind{Run}, Write: lines},
	}
}

// Named is the format of a name.
func Named(name string) (Format, bool) {
	list := Formats()
	i := slices.IndexFunc(list, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return list[i], true
}

// Names are the formats that a kind of result has; of no kind, all.
func Names(kinds ...Kind) []string {
	var list []string
	for _, f := range Formats() {
		if !slices.ContainsFunc(kinds, func(k Kind) bool { return !slices.Contains(f.Of, k) }) {
			list = append(list, f.Name)
		}
	}
	return list
}

// As writes r in the format of a name, without colours.
func (r Result) As(w io.Writer, name string) error {
	f, ok := Named(name)
	if !ok || !slices.Contains(f.Of, r.Kind) {
		return fmt.Errorf("%s is not a format of this result", name)
	}
	return f.Write(w, r, false)
}

func text(w io.Writer, r Result, color bool) error {
	if r.text != nil {
		return r.text(w)
	}
	return render.Text(w, color, r.width, r.documents...)
}

// brief is Markdown for a pull request or a job summary. Others may follow it.
func brief(w io.Writer, r Result, _ bool) error {
	if r.short == nil {
		return render.Markdown(w, r.level, r.documents...)
	}
	if err := render.Markdown(w, "###", r.short...); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func table(w io.Writer, r Result, _ bool) error {
	switch {
	case r.csv != nil:
		return r.csv(w)
	case r.bundle != nil:
		return export.SeriesCSV(w, r.bundle)
	case len(r.trends) == 1:
		return export.TrendCSV(w, r.trends[0])
	}
	return errors.New("a CSV table holds one scenario")
}

func lines(w io.Writer, r Result, _ bool) error {
	var out bytes.Buffer
	if err := export.SeriesJSON(&out, r.bundle); err != nil {
		return err
	}
	_, err := w.Write(printable.JSON(out.Bytes()))
	return err
}

// JSON writes v for people and programs: indented, and without invisible characters.
func JSON(w io.Writer, v any) error {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	if _, err := w.Write(printable.JSON(out.Bytes())); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}
