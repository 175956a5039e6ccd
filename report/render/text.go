package render

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/results"
)

// Text writes the terminal's summary: the verdict first, the place of the full
// report last. Colour adds ANSI colours; without it the bytes are plain UTF-8.
func Text(w io.Writer, b *results.Bundle, s *results.Summary, color bool) error {
	p := &printer{color: color}
	p.verdict(&b.Run, s)
	p.table(doc.Drop(objectivesTable(s), "read from"))
	if u := s.Upgrade; u != nil {
		p.table(windowsTable(u))
		p.table(stepsTable(&b.Run, u))
		p.notes("Know before you go", u.Notes)
	}
	p.table(doc.Drop(failoverTable(s), predicted))
	for _, text := range []string{spread(s.FailoverStats), asPredicted(s)} {
		if text != "" {
			p.line("  " + plain(text))
		}
	}
	for _, f := range s.Failovers {
		if f.Note != "" {
			p.line("  " + plain(f.Fault) + ": " + plain(f.Note))
		}
	}
	p.table(loadTable(s))
	if len(b.Run.Shards) > 1 {
		p.table(shardTable(s))
	}
	p.table(errorTable(s))
	if s.Availability.Any > 0 {
		p.table(availabilityTable(&b.Run, s))
	}
	p.audit(&b.Run, s)
	if line := generatorLine(s.Generator); line != "" {
		if s.Generator.Valid {
			p.head("Load generator")
		} else {
			p.table(generatorTable(s))
		}
		p.line("  " + plain(line))
	}
	p.kubernetes(&b.Run)
	p.findings(s)
	p.notes("Warnings", s.Warnings)
	p.line("")
	p.line(p.paint(dim, "repeat  ") + plain(b.Run.Command))
	p.line(p.paint(dim, "report  ") + plain(filepath.Join(b.Dir, doc.HTMLFile)))
	if u := s.Upgrade; u != nil {
		p.line(p.paint(dim, "sheet   ") + plain(filepath.Join(b.Dir, doc.SheetHTMLFile)) + "  " + plain(decisionWords[u.Decision].Word))
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

var severityColors = map[results.Severity]string{results.Critical: red, results.Warning: yellow, results.Note: dim}

// findings prints what the run teaches, each with its evidence and what to do.
func (p *printer) findings(s *results.Summary) {
	if len(s.Findings) == 0 {
		return
	}
	p.head("Findings")
	for _, f := range s.Findings {
		p.line("  " + p.paint(severityColors[f.Severity], string(f.Severity)) + "  " + plain(f.Title))
		for _, e := range f.Evidence {
			p.line("    • " + plain(e))
		}
		p.line("    → " + plain(f.Advice))
	}
}

func (p *printer) verdict(r *results.Run, s *results.Summary) {
	c := bold + ";" + verdictColors[s.Verdict]
	p.line(p.paint(c, marks[s.Verdict]+" "+strings.ToUpper(string(s.Verdict))) + "  " + p.paint(bold, r.Name))
	p.line("  " + p.paint(dim, strings.Join(headline(r), " · ")))
	for _, reason := range s.Reasons {
		p.line("  • " + plain(reason))
	}
}

// kubernetes prints where the run took place, and every pod that it has seen.
func (p *printer) kubernetes(r *results.Run) {
	lines := kubernetesLines(r.Environment.Kubernetes)
	if len(lines) == 0 {
		return
	}
	p.head("Place")
	for _, line := range lines {
		p.line("  " + p.paint(dim, fmt.Sprintf("%-11s", line[0])) + "  " + plain(line[1]))
	}
	p.table(podTable(r))
}
