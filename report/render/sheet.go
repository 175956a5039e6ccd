package render

import (
	_ "embed"
	"html/template"
	"io"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/results"
)

var (
	//go:embed sheet.tmpl.html
	sheetText string
	//go:embed sheet.css
	sheetCSS string

	sheetTemplate = template.Must(template.Must(pageTemplate.Clone()).New("sheet").Parse(sheetText))
)

// sheet is what the template shows.
type sheet struct {
	Run             *results.Run
	CSS             template.CSS
	Class           results.Verdict
	Mark, Word      string
	Question, Facts string
	Reasons, Notes  []string
	Windows, Steps  doc.Table
	Objectives      []objectiveRow
	Persistence     doc.Table
	Differences     doc.Table
	Audit           string
}

// SheetHTML writes the one page that a change board reads: go or no-go, why, and
// what the upgrade cost, step by step.
func SheetHTML(w io.Writer, b *results.Bundle, s *results.Summary) error {
	d := decisionWords[s.Upgrade.Decision]
	p := sheet{
		Run: &b.Run, CSS: template.CSS(pageCSS + sheetCSS), Class: d.Class, Mark: d.Mark, Word: d.Word,
		Question: question(b.Run.Upgrade), Facts: strings.Join(headline(&b.Run), " · "),
		Reasons: s.Upgrade.Reasons, Notes: s.Upgrade.Notes,
		Windows: windowsTable(s.Upgrade), Steps: stepsTable(&b.Run, s.Upgrade),
		Persistence: persistenceTable(b.Run.Upgrade), Differences: differencesTable(s.Upgrade), Audit: auditLine(b.Run.Audit),
	}
	for _, o := range s.Objectives {
		p.Objectives = append(p.Objectives, objectiveRow{string(o.Result), marks[o.Result], o.Name, o.Shown, room(o), o.Evidence})
	}
	return execute(w, sheetTemplate, p)
}

// SheetMarkdown writes the same for a change record.
func SheetMarkdown(w io.Writer, b *results.Bundle, s *results.Summary) error {
	m := &markup{}
	d := decisionWords[s.Upgrade.Decision]
	m.p("# %s %s: %s\n\n%s\n", d.Mark, d.Word, question(b.Run.Upgrade), strings.Join(headline(&b.Run), " · "))
	m.list(s.Upgrade.Reasons)
	if len(s.Upgrade.Notes) > 0 {
		m.p("\n## Know before you go\n")
		m.list(s.Upgrade.Notes)
	}
	for _, t := range []doc.Table{windowsTable(s.Upgrade), stepsTable(&b.Run, s.Upgrade), objectivesTable(s), persistenceTable(b.Run.Upgrade), differencesTable(s.Upgrade)} {
		m.table(t)
	}
	if line := auditLine(b.Run.Audit); line != "" {
		m.p("\n## Audit\n\n%s\n", line)
	}
	m.repeat(&b.Run)
	_, err := io.WriteString(w, m.String())
	return err
}
