package report

import (
	"cmp"
	"io"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/render"
	"github.com/slotstorm/slotstorm/report/sections"
	"github.com/slotstorm/slotstorm/results"
)

// Kind is what a result is about.
type Kind string

const (
	Run        Kind = "run"
	Runs       Kind = "several runs"
	Matrix     Kind = "matrix"
	Sheet      Kind = "sheet of an upgrade"
	Comparison Kind = "comparison"
	Trend      Kind = "trend"
	Capacity   Kind = "capacity"
	Tuning     Kind = "tuning"
	Audit      Kind = "audit"
	Load       Kind = "load"
)

// Result is what formats write: the documents for people, and the records for programs.
type Result struct {
	Kind      Kind
	documents []doc.Document
	// level is the heading of the documents in Markdown.
	level string
	// short are the documents of a summary, where it has its own.
	short  []doc.Document
	runs   []judge.Judged
	trends []*compare.Trend
	bundle *results.Bundle
	// record is what JSON holds.
	record any
	// width is that of the terminal, for texts; 0 leaves the rows of tables in one line each.
	width int
	// text and csv are for results that are no documents.
	text, csv func(io.Writer) error
}

// Within is r for a terminal of so many columns; 0 is none.
func (r Result) Within(width int) Result {
	r.width = cmp.Or(width, r.width)
	return r
}

// OfRun is the report of one run; record is its JSON.
func OfRun(b *results.Bundle, s *results.Summary, record any) Result {
	runs := []judge.Judged{{Run: &b.Run, Summary: s}}
	return Result{Kind: Run, level: "#", documents: []doc.Document{sections.Report(b, s)}, short: sections.Short(runs), runs: runs, bundle: b, record: record}
}

// OnScreen is as much of the report of one run as fits on a screen; full says how to see the
// rest.
func OnScreen(b *results.Bundle, s *results.Summary, full string) Result {
	return Result{Kind: Run, level: "#", documents: []doc.Document{sections.Screen(b, s, full)}}
}

// OfSheet is the sheet of an upgrade.
func OfSheet(b *results.Bundle, s *results.Summary) Result {
	return Result{Kind: Sheet, level: "#", documents: []doc.Document{sections.Sheet(b, s)}}
}

// OfRuns are several runs; record is their JSON.
func OfRuns(list []judge.Judged, record any) Result {
	return Result{Kind: Runs, short: sections.Short(list), runs: list, record: record}
}

// OfMatrix are the runs of a matrix, side by side.
func OfMatrix(list []judge.Judged, record any) Result {
	r := OfRuns(list, record)
	r.Kind = Matrix
	r.documents, r.level = []doc.Document{sections.Matrix(list)}, "##"
	// A row of every measure fits no screen.
	r.width = render.TextWidth
	return r
}

// OfComparison is the answer to whether B differs from A.
func OfComparison(c *compare.Comparison) Result {
	return Result{Kind: Comparison, level: "##", documents: []doc.Document{sections.Comparison(c)}, record: c}
}

// OfTrends are trends, one for each scenario.
func OfTrends(list []*compare.Trend) Result {
	return Result{Kind: Trend, level: "##", documents: sections.Trends(list), trends: list, record: list}
}

// OfCapacity is how much a cluster carries.
func OfCapacity(c *compare.Capacity) Result {
	return Result{Kind: Capacity, level: "##", documents: []doc.Document{sections.Capacity(c)}, record: c}
}

// OfTuning is how low a timeout may be.
func OfTuning(t *compare.Tuning) Result {
	return Result{Kind: Tuning, level: "##", documents: []doc.Document{sections.Tuning(t)}, record: t}
}

// OfAudits are the judgements of audited writes, a document each.
func OfAudits(list []doc.Document, record any) Result {
	return Result{Kind: Audit, level: "##", documents: list, record: record}
}

// OfLoad is the result of a load, which has a text and a table of its own.
func OfLoad(record any, text, csv func(io.Writer) error) Result {
	return Result{Kind: Load, record: record, text: text, csv: csv}
}
