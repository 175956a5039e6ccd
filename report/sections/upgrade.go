package sections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// knowTitle is the heading of an upgrade's notes.
const knowTitle = "Know before you go"

// decisionWords are the decisions as the sheet shows them, with the class of the
// verdict that has their colour.
var decisionWords = map[results.Decision]struct {
	Mark, Word string
	Class      results.Verdict
}{
	results.Go:        {"✓", "GO", results.Pass},
	results.NoGo:      {"✗", "NO-GO", results.Fail},
	results.Undecided: {"?", "UNDECIDED", results.Inconclusive},
}

// question is what the sheet answers.
func question(u *results.Upgrade) string {
	to := u.To.String()
	if to == "" {
		to = u.ToRelease
	}
	text := fmt.Sprintf("%s to %s, %s", words.OrNone(u.From.String()), to, strings.ReplaceAll(u.Order, "-", " "))
	if u.Handover {
		text += ", handing over each primary"
	} else {
		text += ", without hand-overs"
	}
	switch {
	case u.Back == nil:
	case u.Back.From == "backup":
		text += ", then a rollback from a backup"
	default:
		text += ", then a rollback node by node"
	}
	return text
}

func windowsTable(u *results.UpgradeSummary) doc.Table {
	t := doc.Table{Title: "Before, during, after",
		Note: doc.Prose("*p50* to *max*: response times of the requests answered ok, from their scheduled times. *a shard down*: at least one shard refused the writes of probes; *longest*: the longest outage of one shard."),
		Head: slices.Concat(doc.Columns("window"),
			doc.Numbers("seconds", "requests", "ok", "ok/s", "p50", "p99", "p99.9", "max", "a shard down", "longest"), doc.Long("errors by class"))}
	for _, w := range u.Windows {
		row := []string{w.Name, fmt.Sprintf("%.0f", w.Load.Seconds), words.Count(w.Load.Counts.Total()), words.Percent(w.Load.Counts.Share()), words.Rate(w.Load.Throughput)}
		if r := w.Response; r != nil {
			row = append(row, words.Duration(r.P50), words.Duration(r.P99), words.Duration(r.P999), words.Duration(r.Max))
		} else {
			row = append(row, words.None, words.None, words.None, words.None)
		}
		t.Rows = append(t.Rows, append(row, words.WhenSet(w.Down), words.WhenSet(w.Longest), words.OrNone(words.Classes(w.Errors))))
	}
	return t
}

// stepsTable is each step with its cost.
func stepsTable(r *results.Run, u *results.UpgradeSummary) doc.Table {
	t := doc.Table{Title: "Step by step",
		Note: doc.Prose("*answered*, *whole*: from the step's beginning until the node answers, and until every replica is in sync. The other columns: up to the next step (errors and latency in whole seconds)."),
		Head: slices.Concat(doc.Columns("at", "step", "shard"),
			doc.Numbers("answered", "whole", "a shard down", "worst p99"), doc.Long("what happened"))}
	for _, cost := range u.Steps {
		roll, back := r.Upgrade.Forward, ""
		if cost.Roll == "rollback" {
			roll, back = *r.Upgrade.Back, "back: "
		}
		st := roll.Steps[cost.Step]
		shard, answered, whole := words.None, words.None, words.None
		if st.Shard >= 0 && st.Node != "" {
			shard = fmt.Sprint(st.Shard)
		}
		if st.Answered > 0 {
			answered = words.StepTime(st.Answered - st.Began)
		}
		if st.Whole > 0 {
			whole = words.StepTime(cost.Took)
		}
		t.Rows = append(t.Rows, []string{words.Since(r, st.Began), back + stepText(st), shard, answered, whole,
			words.WhenSet(cost.Down), words.WhenSet(cost.Slowest), words.Sentence("; ", outcomeText(st), words.Classes(cost.Errors))})
	}
	return t
}

func stepText(st results.UpgradeStep) string {
	switch st.Kind {
	case results.StepHandover:
		return fmt.Sprintf("hand over %s → %s", st.Node, st.To)
	case results.StepReplace:
		return words.Sentence(" ", "replace", st.Node, "("+st.Role+")")
	case results.StepBackup:
		return "backup of all shards"
	case results.StepRestore:
		return "restore all nodes from the backup"
	}
	return st.Kind
}

func outcomeText(st results.UpgradeStep) string {
	switch {
	case st.Failed != "" && st.Undone > 0:
		return "failed: " + st.Failed + "; on its old version again after " + words.Duration(st.Undone-st.Began)
	case st.Failed != "":
		return "failed: " + st.Failed
	case st.Server.Version != "":
		return "runs " + st.Server.String()
	}
	return "done"
}

func persistenceTable(u *results.Upgrade) doc.Table {
	t := doc.Table{Title: "Who reads whose files", Head: slices.Concat(doc.Columns("format", "written by", "read by", "readable"), doc.Long("seen"))}
	for _, p := range u.Persistence {
		answer := "✓ yes"
		if !p.OK {
			answer = "✗ no"
		}
		t.Rows = append(t.Rows, []string{p.Format, p.Writer.String(), p.Reader.String(), answer, p.Evidence})
	}
	return t
}

// differencesTable lists what breaks in full, and what is new by number with
// the first few names.
func differencesTable(u *results.UpgradeSummary) doc.Table {
	const shown = 12
	t := doc.Table{Title: "Differences", Head: slices.Concat(doc.Columns("what", "change"), doc.Numbers("count"), doc.Long("which"))}
	for _, g := range u.Differences {
		var list []string
		for i, name := range g.Names {
			if i < len(g.Details) && g.What == "directives" {
				name += ": " + g.Details[i]
			}
			if g.Change != "removed" && i == shown {
				list = append(list, fmt.Sprintf("and %d more, in run.json", len(g.Names)-shown))
				break
			}
			list = append(list, name)
		}
		t.Rows = append(t.Rows, []string{g.What, g.Change, words.Count(len(g.Names)), strings.Join(list, ", ")})
	}
	return t
}

// upgrade is what the upgrade cost. Pages have the rest on a sheet of its own.
func upgrade(b *results.Bundle, s *results.Summary) doc.Section {
	d := doc.Section{ID: "upgrade", Title: "Upgrade"}
	if s.Upgrade == nil {
		return d
	}
	d.Blocks = []doc.Block{
		windowsTable(s.Upgrade), stepsTable(&b.Run, s.Upgrade),
		doc.Only(doc.Page, doc.Note{Text: doc.Text{{Text: "The sheet with the decision is "}, {Text: doc.SheetHTMLFile, Link: doc.SheetHTMLFile}, {Text: ", beside this page."}}}),
		doc.Only(doc.Terminal, doc.List{Title: knowTitle, Items: s.Upgrade.Notes, Warn: true}),
	}
	return d
}
