package sections

import (
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/results"
)

// sheetSections are the sections of an upgrade's sheet, in their order.
func sheetSections() []func(*results.Bundle, *results.Summary) doc.Section {
	return []func(*results.Bundle, *results.Summary) doc.Section{
		know,
		windows,
		steps,
		objectives,
		persistence,
		differences,
		sheetAudit,
		sign,
	}
}

// Sheet is the one page that a change board reads: go or no-go, why, and what the
// upgrade cost, step by step.
func Sheet(b *results.Bundle, s *results.Summary) doc.Document {
	r := &b.Run
	w := decisionWords[s.Upgrade.Decision]
	d := doc.Document{
		Window: w.Word + ": " + question(r.Upgrade), Style: doc.Sheet,
		Badge: doc.Badge{Mark: w.Mark, Word: w.Word, Class: string(w.Class)}, Title: question(r.Upgrade), Facts: headline(r),
		Reasons: s.Upgrade.Reasons,
		Footer:  "slotstorm " + r.Versions.Slotstorm + " · " + r.ID + " · the whole report is in report.html beside this sheet",
	}
	for _, section := range sheetSections() {
		d.Sections = append(d.Sections, section(b, s))
	}
	return d
}

func know(_ *results.Bundle, s *results.Summary) doc.Section {
	return doc.Section{ID: "know", Title: knowTitle, Blocks: []doc.Block{doc.List{Items: s.Upgrade.Notes, Warn: true}}}
}

func windows(_ *results.Bundle, s *results.Summary) doc.Section {
	return single("windows", windowsTable(s.Upgrade))
}

func steps(b *results.Bundle, s *results.Summary) doc.Section {
	return single("steps", stepsTable(&b.Run, s.Upgrade))
}

func persistence(b *results.Bundle, _ *results.Summary) doc.Section {
	return single("persistence", persistenceTable(b.Run.Upgrade))
}

func differences(_ *results.Bundle, s *results.Summary) doc.Section {
	return single("differences", differencesTable(s.Upgrade))
}

// single is a section of one table.
func single(id string, t doc.Table) doc.Section {
	return doc.Section{ID: id, Title: t.Title, Blocks: []doc.Block{t}}
}

func sheetAudit(b *results.Bundle, _ *results.Summary) doc.Section {
	return doc.Section{ID: "audit", Title: "Audit", Blocks: []doc.Block{doc.Line(auditLine(b.Run.Audit)), doc.Line(readBackLine(b.Run.Audit))}}
}

// sign is the command that runs the same again, and room for who decides.
func sign(b *results.Bundle, _ *results.Summary) doc.Section {
	return doc.Section{ID: "repeat", Title: "Repeat it", Blocks: []doc.Block{
		doc.Code{Text: b.Run.Command},
		doc.Only(doc.Page, doc.Fields{"decided by", "date", "signature"}),
	}}
}
