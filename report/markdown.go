package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// Markdown writes the report as GitHub-flavoured Markdown, for a job summary or
// a change record. Plots are linked from the bundle's folder.
func Markdown(w io.Writer, b *results.Bundle, s *results.Summary) error {
	var out strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&out, format, args...) }
	r := &b.Run

	p("# %s %s: %s\n\n", marks[s.Verdict], strings.ToUpper(string(s.Verdict)), escape(r.Name))
	p("%s\n", escape(strings.Join(headline(r), " · ")))
	for i, reason := range s.Reasons {
		if i == 0 {
			p("\n")
		}
		p("- %s\n", escape(reason))
	}
	markdownTable(&out, objectivesTable(s))
	for i, plot := range pictures(b, s) {
		if i == 0 {
			p("\n## Timeline\n\n")
		}
		p("![%s](%s/%s.png)\n", plot.title, PlotsDir, plot.file)
	}
	markdownTable(&out, faultTable(r))
	if s.Upgrade != nil {
		markdownTable(&out, windowsTable(s.Upgrade))
		markdownTable(&out, stepsTable(r, s.Upgrade))
	}
	markdownTable(&out, failoverTable(s))
	if len(s.Failovers) > 0 {
		p("\nEach column is the time that the step took; they add up to *server*, from the fault to the probe's first good write. *client* and *in sync* count from the fault.\n")
	}
	for _, text := range []string{spread(s.FailoverStats), asPredicted(s)} {
		if text != "" {
			p("\n%s\n", escape(text))
		}
	}
	for _, f := range s.Failovers {
		if f.Note != "" {
			p("\n%s: %s\n", escape(f.Fault), escape(f.Note))
		}
	}
	markdownTable(&out, loadTable(s))
	if len(s.Load) > 0 {
		p("\nPercentiles are of response time, from the intended start to the reply, of the requests answered ok.\n")
	}
	markdownTable(&out, shardTable(s))
	markdownTable(&out, errorTable(s))
	markdownTable(&out, availabilityTable(r, s))
	if line := auditLine(r.Audit); line != "" {
		p("\n## Audit\n\n%s\n", escape(line))
		for i, note := range auditNotes(r.Audit) {
			if i == 0 {
				p("\n")
			}
			p("- %s\n", escape(note))
		}
	}
	markdownTable(&out, kindTable(r.Audit))
	markdownTable(&out, lossTable(s))
	markdownTable(&out, staleTable(r.Audit))
	markdownTable(&out, generatorTable(s))
	if line := generatorLine(s.Generator); line != "" {
		p("\n%s\n", escape(line))
	}
	markdownTable(&out, clockTable(r))
	for i, f := range s.Findings {
		if i == 0 {
			p("\n## Findings\n\n")
		}
		p("- **%s: %s.** %s\n", f.Severity, escape(f.Title), escape(f.Advice))
		for _, e := range f.Evidence {
			p("  - %s\n", escape(e))
		}
	}
	if len(s.Warnings) > 0 {
		p("\n## Warnings\n\n")
		for _, text := range s.Warnings {
			p("- %s\n", escape(text))
		}
	}
	markdownTable(&out, environmentTable(r))
	for _, t := range []table{machineTable(r.Environment.Kubernetes), podTable(r), volumeTable(r.Environment.Kubernetes)} {
		markdownTable(&out, t)
	}
	p("\n## Repeat it\n\n```sh\n%s\n```\n", r.Command)
	_, err := io.WriteString(w, out.String())
	return err
}

func markdownTable(out *strings.Builder, t table) {
	if len(t.Rows) == 0 {
		return
	}
	fmt.Fprintf(out, "\n## %s\n\n%s", t.Title, markdownRows(t))
}

// markdownRows is a table without its title.
func markdownRows(t table) string {
	var out strings.Builder
	out.WriteString("|")
	for _, c := range t.Head {
		fmt.Fprintf(&out, " %s |", c.Title)
	}
	out.WriteString("\n|")
	for _, c := range t.Head {
		if c.Number {
			out.WriteString("---:|")
		} else {
			out.WriteString("---|")
		}
	}
	out.WriteString("\n")
	for _, row := range t.Rows {
		out.WriteString("|")
		for _, cell := range row {
			fmt.Fprintf(&out, " %s |", escape(cell))
		}
		out.WriteString("\n")
	}
	return out.String()
}

// escape keeps text from being read as markup.
func escape(s string) string {
	return strings.NewReplacer("\\", "\\\\", "|", "\\|", "*", "\\*", "_", "\\_", "<", "&lt;", "`", "\\`", "\n", " ").Replace(s)
}
