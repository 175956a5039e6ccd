package sections

import (
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/results"
)

// findings are what the run teaches, each with its evidence and what to do.
func findings(_ *results.Bundle, s *results.Summary) doc.Section {
	var list doc.Findings
	for _, f := range s.Findings {
		list = append(list, doc.Finding{Severity: string(f.Severity), Title: f.Title, Evidence: f.Evidence, Advice: f.Advice, Anchor: f.Anchor})
	}
	return doc.Section{ID: "findings", Title: "Findings", Conclusion: true, Blocks: []doc.Block{list}}
}

// warnings are what a reader should know about the figures.
func warnings(_ *results.Bundle, s *results.Summary) doc.Section { return warningsOf(s.Warnings) }

func warningsOf(list []string) doc.Section {
	return doc.Section{ID: "warnings", Title: "Warnings about the measurement", Conclusion: true, Blocks: []doc.Block{doc.List{Items: list, Warn: true}}}
}
