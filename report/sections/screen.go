package sections

import (
	"fmt"
	"slices"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// A screen has room for so many of each, of findings with what to do for the first ones.
const (
	screenReasons    = 3
	screenObjectives = 6
	screenFailovers  = 4
	screenFindings   = 4
	screenAdvice     = 2
	screenLosses     = 2
)

// Screen is as much of a run's report as fits on a screen: the verdict, the objectives, the
// failovers, the load in a line, the losses, and the findings. full says how to see the rest.
func Screen(b *results.Bundle, s *results.Summary, full string) doc.Document {
	d := Report(b, s)
	d.Cards = nil
	if over := len(d.Reasons) - screenReasons; over > 0 {
		d.Reasons = append(slices.Clone(d.Reasons[:screenReasons]), fmt.Sprintf("and %s", words.Plural(over, "more reason", "more reasons")))
	}
	d.Sections = []doc.Section{fewObjectives(s), fewFailovers(s), moves(b, s), gist(b, s), fewFindings(s), fewWarnings(s)}
	d.Closing = append(d.Closing, doc.Side{Name: "everything", Text: full})
	return d
}

// fewObjectives are the objectives, those that were missed first if there are many.
func fewObjectives(s *results.Summary) doc.Section {
	d := doc.Section{ID: "objectives", Title: "Objectives"}
	few := *s
	few.Objectives = slices.Clone(s.Objectives)
	over := len(few.Objectives) - screenObjectives
	if over > 0 {
		slices.SortStableFunc(few.Objectives, func(x, y results.Objective) int { return urgency(x) - urgency(y) })
		few.Objectives = few.Objectives[:screenObjectives]
	}
	d.Blocks = []doc.Block{objectivesTable(&few)}
	if over > 0 {
		d.Blocks = append(d.Blocks, doc.Line("and "+words.Plural(over, "more objective", "more objectives")))
	}
	return d
}

// urgency orders objectives: those that decide against the run come first.
func urgency(o results.Objective) int {
	switch o.Result {
	case results.Fail:
		return 0
	case results.Pass:
		return 2
	}
	return 1
}

// fewFailovers are the failovers, without their steps.
func fewFailovers(s *results.Summary) doc.Section {
	d := doc.Section{ID: "failovers", Title: "Failovers"}
	if len(s.Failovers) == 0 {
		return d
	}
	t := doc.Table{Title: d.Title, Head: slices.Concat(doc.Columns("fault", "shard", "primary"), doc.Numbers("server", "client", "in sync"), doc.Columns("predicted"))}
	few := s.Failovers[:min(len(s.Failovers), screenFailovers)]
	for _, f := range few {
		row := []string{words.Origin(f), fmt.Sprint(f.Shard), change(f)}
		for _, m := range []results.Duration{f.Server, f.Client, f.Synced} {
			row = append(row, words.WhenSet(m))
		}
		t.Rows = append(t.Rows, append(row, words.Prediction(f)))
	}
	d.Blocks = []doc.Block{t}
	if over := len(s.Failovers) - len(few); over > 0 {
		d.Blocks = append(d.Blocks, doc.Line(words.Sentence("; ", "and "+words.Plural(over, "more failover", "more failovers"), spread(s.FailoverStats))))
	}
	return d
}

// gist is the load, the outages and the audit, a line each.
func gist(b *results.Bundle, s *results.Summary) doc.Section {
	d := doc.Section{ID: "load", Title: "Load and data"}
	line := func(format string, args ...any) { d.Blocks = append(d.Blocks, doc.Line(fmt.Sprintf(format, args...))) }
	if l := s.LoadOf(results.All, results.All); l != nil && l.Counts.Total() > 0 {
		text := fmt.Sprintf("%s, %s answered ok", words.Plural(l.Counts.Total(), "request", "requests"), words.Percent(l.Counts.Share()))
		if p := s.LatencyOf(results.All, results.All, results.Response); p != nil {
			text += fmt.Sprintf("; response time p50 %s, p99 %s, max %s", words.Duration(p.P50), words.Duration(p.P99), words.Duration(p.Max))
		}
		line("%s", text)
	}
	if a := s.Availability; a.Observed > 0 {
		if a.Any == 0 {
			line("no shard was down")
		} else {
			line("at least one shard was down for %s, all at once for %s", words.Duration(a.Any), words.Duration(a.All))
		}
	}
	if au := b.Run.Audit; au != nil {
		line("%s", readBackLine(au))
		for i, g := range s.Losses {
			if i == screenLosses {
				line("and %s", words.Plural(len(s.Losses)-i, "more group of lost writes", "more groups of lost writes"))
				break
			}
			line("lost: %s acknowledged by %s (%s)", words.Plural(g.Count, "write", "writes"), words.OrNone(g.Node), words.OrNone(g.Cause))
		}
	}
	if differ := checkNames(s.Checks, results.CheckDisagrees); len(differ) > 0 {
		line("%s", checkLine(s.Checks))
	}
	return d
}

// fewFindings are the worst findings, the first ones with what to do.
func fewFindings(s *results.Summary) doc.Section {
	d := doc.Section{ID: "findings", Title: "Findings", Conclusion: true}
	var list doc.Findings
	for i, f := range s.Findings[:min(len(s.Findings), screenFindings)] {
		one := doc.Finding{Severity: string(f.Severity), Title: f.Title}
		if i < screenAdvice {
			one.Advice = firstSentence(f.Advice)
		}
		list = append(list, one)
	}
	d.Blocks = []doc.Block{list}
	if over := len(s.Findings) - len(list); over > 0 {
		d.Blocks = append(d.Blocks, doc.Line("and "+words.Plural(over, "more finding", "more findings")))
	}
	return d
}

// firstSentence is the first of several sentences.
func firstSentence(text string) string {
	for i := range len(text) - 2 {
		if text[i] == '.' && text[i+1] == ' ' && text[i+2] >= 'A' && text[i+2] <= 'Z' {
			return text[:i+1]
		}
	}
	return text
}

// fewWarnings is the first warning, and how many there are.
func fewWarnings(s *results.Summary) doc.Section {
	list := s.Warnings[:min(len(s.Warnings), 1)]
	d := warningsOf(list)
	if over := len(s.Warnings) - len(list); over > 0 {
		d.Blocks = append(d.Blocks, doc.Line("and "+words.Plural(over, "more warning", "more warnings")))
	}
	return d
}
