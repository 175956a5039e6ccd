package sections

import (
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// Matrix are the runs of a matrix side by side, a row each. Latency is that of the first phase,
// before anything is broken, and beside it how late the generator itself was; what the fault
// cost is in the failover, the outage and the losses.
func Matrix(runs []judge.Judged) doc.Document {
	if len(runs) == 0 {
		return doc.Document{}
	}
	first := runs[0].Run
	var head []doc.Column
	for _, s := range first.Matrix {
		head = append(head, doc.Columns(s.Field[strings.LastIndexByte(s.Field, '.')+1:])...)
	}
	head = slices.Concat(head, doc.Columns("verdict"),
		doc.Numbers("acknowledged", "lost", "failover", "client", "outage", "p50", "p99", "slip p99"), doc.Long("run"))
	t := doc.Table{Head: head, Dense: true}
	for _, r := range runs {
		t.Rows = append(t.Rows, matrixRow(r))
	}
	return doc.Document{
		Window: "Matrix of " + first.Name, Style: doc.Many, Badge: doc.Badge{Class: unjudged},
		Title: "Matrix of " + first.Name, Lead: words.Plural(len(runs), "run", "runs"),
		Sections: []doc.Section{{Title: "Runs", Blocks: []doc.Block{t, doc.Only(doc.Page, doc.Note{Text: doc.Prose(matrixNote)})}}}, Footer: "slotstorm",
	}
}

const matrixNote = "*Failover* and *client*: until a replica had taken over, and until the client wrote again, of the last failover. *Outage*: the time without writes. *p50*, *p99*: response in the first phase; *slip*: how late the generator itself was then."

func matrixRow(r judge.Judged) []string {
	run, s := r.Run, r.Summary
	var cells []string
	for _, m := range run.Matrix {
		cells = append(cells, m.Value)
	}
	acknowledged, outage := words.None, words.None
	if run.Audit != nil {
		acknowledged = words.Count(run.Audit.OK)
	}
	if s.Availability.Observed > 0 {
		outage = words.Duration(s.Availability.Any)
	}
	failover, client := words.None, words.None
	for _, f := range s.Failovers {
		if f.Completed() {
			failover, client = words.Duration(f.Server), words.None
			if f.Client > 0 {
				client = words.Duration(f.Client)
			}
		}
	}
	p50, p99, slip := words.None, words.None, words.None
	if len(run.Phases) > 0 {
		healthy := run.Phases[0].Name
		if l := s.LatencyOf(healthy, results.All, results.Response); l != nil {
			p50, p99 = words.Duration(l.P50), words.Duration(l.P99)
		}
		if l := s.LatencyOf(healthy, results.All, results.Slip); l != nil {
			slip = words.Duration(l.P99)
		}
	}
	return append(cells, string(s.Verdict), acknowledged, words.Lost(run.Audit), failover, client, outage, p50, p99, slip, run.ID)
}
