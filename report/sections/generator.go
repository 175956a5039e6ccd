package sections

import (
	"fmt"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// generatorTable shows what the generator is judged by.
func generatorTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Load generator", Head: append(doc.Columns("result", "delay of the generator"), doc.Numbers("samples", "p50", "p99", "max", "checked", "limit")...)}
	if s.Generator == nil {
		return t
	}
	for _, c := range s.Generator.Checks {
		mark, judged, allowed := marks[results.Pass]+" ok", "p99 "+words.Duration(c.P99), words.Duration(c.Allowed)
		if c.AllowedShare > 0 {
			judged, allowed = words.Percent(c.Share)+" of the time", words.Percent(c.AllowedShare)
		}
		if !c.OK {
			mark = marks[results.Invalid] + " too long"
		}
		t.Rows = append(t.Rows, []string{mark, judge.DelayNames[c.Name], words.Count(c.Count), words.Duration(c.P50), words.Duration(c.P99), words.Duration(c.Max), judged, allowed})
	}
	return t
}

// generatorLine is the processor time that the generator took.
func generatorLine(g *results.SelfCheck) string {
	if g == nil || g.PerRequest == 0 {
		return ""
	}
	line := fmt.Sprintf("used %.2f of %s: %s per request at this rate, with a part that does not grow with the rate (probes, polls, timers)",
		g.CPU, words.Plural(g.Cores, "CPU", "CPUs"), words.Duration(g.PerRequest))
	if !g.Valid {
		line += "; " + g.CarriedFrom
	}
	return line
}

// generator is whether the load generator was the limit. A terminal shows its figures
// only then.
func generator(_ *results.Bundle, s *results.Summary) doc.Section {
	d := doc.Section{ID: "generator", Title: "Load generator"}
	if s.Generator == nil {
		return d
	}
	line := generatorLine(s.Generator)
	table := doc.Terminal | doc.Written
	if s.Generator.Valid || line == "" {
		table = doc.Written
	}
	d.Blocks = []doc.Block{
		doc.Only(doc.Page, doc.Note{Text: doc.Prose("Was the server measured, or the generator? The run is invalid if the p99 of one of these delays exceeds both workload.maxSlip and a tenth of the p99 response time (at most 100 ms). The column *limit* shows that limit.")}),
		doc.Only(table, generatorTable(s)),
		doc.Line(line),
	}
	return d
}
