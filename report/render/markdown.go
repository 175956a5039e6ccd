package render

import (
	"io"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/plot"
	"github.com/slotstorm/slotstorm/results"
)

// Markdown writes the report as GitHub-flavoured Markdown, for a job summary or
// a change record. Plots are linked from the bundle's folder.
func Markdown(w io.Writer, b *results.Bundle, s *results.Summary) error {
	m := &markup{}
	r := &b.Run
	m.p("# %s %s: %s\n\n%s\n", marks[s.Verdict], strings.ToUpper(string(s.Verdict)), r.Name, strings.Join(headline(r), " · "))
	m.list(s.Reasons)
	m.table(objectivesTable(s))
	for i, plot := range plot.Pictures(b, s) {
		if i == 0 {
			m.p("\n## Timeline\n\n")
		}
		m.p("![%s](%s/%s.png)\n", plot.Title, doc.PlotsDir, plot.File)
	}
	m.table(faultTable(r))
	if s.Upgrade != nil {
		m.table(windowsTable(s.Upgrade))
		m.table(stepsTable(r, s.Upgrade))
	}
	m.failovers(s)
	m.table(loadTable(s))
	if len(s.Load) > 0 {
		m.p("\nPercentiles are of response time, from the intended start to the reply, of the requests answered ok.\n")
	}
	m.table(shardTable(s))
	m.table(errorTable(s))
	m.table(availabilityTable(r, s))
	m.audit(r.Audit)
	m.table(kindTable(r.Audit))
	m.table(lossTable(s))
	m.table(staleTable(r.Audit))
	m.table(generatorTable(s))
	m.paragraph(generatorLine(s.Generator))
	m.table(clockTable(r))
	m.findings(s)
	if len(s.Warnings) > 0 {
		m.p("\n## Warnings\n")
		m.list(s.Warnings)
	}
	for _, t := range []doc.Table{environmentTable(r), machineTable(r.Environment.Kubernetes), podTable(r), volumeTable(r.Environment.Kubernetes)} {
		m.table(t)
	}
	m.repeat(r)
	_, err := io.WriteString(w, m.String())
	return err
}

func (m *markup) failovers(s *results.Summary) {
	m.table(failoverTable(s))
	if len(s.Failovers) > 0 {
		m.p("\nEach column is the time that the step took; they add up to *server*, from the fault to the probe's first good write. *client* and *in sync* count from the fault.\n")
	}
	m.paragraph(spread(s.FailoverStats))
	m.paragraph(asPredicted(s))
	for _, f := range s.Failovers {
		if f.Note != "" {
			m.p("\n%s: %s\n", f.Fault, f.Note)
		}
	}
}

func (m *markup) audit(a *results.Audit) {
	if line := auditLine(a); line != "" {
		m.p("\n## Audit\n\n%s\n", line)
		m.list(auditNotes(a))
	}
}

func (m *markup) findings(s *results.Summary) {
	for i, f := range s.Findings {
		if i == 0 {
			m.p("\n## Findings\n\n")
		}
		m.p("- **%s: %s.** %s\n", string(f.Severity), f.Title, f.Advice)
		for _, e := range f.Evidence {
			m.p("  - %s\n", e)
		}
	}
}
