package sections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// Tuning is the answer to how low cluster-node-timeout may be.
func Tuning(t *compare.Tuning) doc.Document {
	e := t.Environment
	ladder := make([]string, len(t.Ladder))
	for i, d := range t.Ladder {
		ladder[i] = milliseconds(d)
	}
	d := doc.Document{
		Window: "Timeout for " + t.Scenario, Style: doc.Many,
		Badge: doc.Badge{Class: unjudged}, Title: "cluster-node-timeout for " + t.Scenario,
		Facts:   words.Sentence(" · ", words.OrNone(t.Server.String()), fmt.Sprintf("%d × %s", e.CPUs, words.OrNone(e.CPUModel)), t.Condition, "ladder in ms: "+strings.Join(ladder, ", ")),
		Reasons: t.Sentences(),
		Footer:  "slotstorm",
	}
	d.Sections = []doc.Section{
		{Title: "Timeouts", Blocks: []doc.Block{timeoutsTable(t), doc.Only(doc.Page, doc.Note{Text: doc.Prose("*False failover*: a node was marked FAIL, or its slots were taken over, while no fault, crash or upgrade had it down or cut off. *Watched*: the time of the runs without one. *Mean time between two*: at least this, with 95 % confidence.")})}},
		{Title: "Failover time", Blocks: []doc.Block{killsTable(t)}},
		{Title: "Every run", Blocks: []doc.Block{doc.Only(doc.Written, timeoutRuns(t))}},
	}
	return d
}

func milliseconds(d results.Duration) string { return fmt.Sprint(d.Std().Milliseconds()) }

func timeoutsTable(t *compare.Tuning) doc.Table {
	table := doc.Table{Title: "Timeouts", Dense: true, Head: slices.Concat(doc.Numbers("timeout ms"), doc.Columns("outcome"), doc.Numbers("runs", "watched", "mean time between two"), doc.Long("why"))}
	list := slices.Clone(t.Steps)
	slices.SortStableFunc(list, func(a, b compare.TimeoutStep) int { return int(b.Timeout - a.Timeout) })
	for _, s := range list {
		row := []string{milliseconds(s.Timeout), string(s.Outcome), fmt.Sprint(len(s.Runs)), words.None, words.None, words.None}
		if w := s.Watched(); w > 0 {
			row[3] = words.Duration(results.DurationOf(w))
		}
		if s.Outcome == compare.Quiet {
			row[4] = "≥ " + words.Duration(results.DurationOf(s.Rare()))
		}
		for _, r := range s.Runs {
			if r.Outcome == s.Outcome && r.Why != "" {
				row[5] = r.Why
				break
			}
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

func killsTable(t *compare.Tuning) doc.Table {
	table := doc.Table{Title: "Failover of a killed primary", Dense: true, Head: slices.Concat(doc.Numbers("timeout ms", "measured", "predicted"), []doc.Column{{Title: "run", In: doc.Page}}, doc.Long("why not")),
		Note: doc.Prose("*Measured* is from the kill to the first good write, in one run under the condition. *Predicted* is for a network that adds no delay.")}
	for _, k := range t.Kills {
		row := []string{milliseconds(k.Timeout), words.None, words.None, k.Run, words.OrNone(k.Why)}
		if k.Server > 0 {
			row[1] = words.Duration(k.Server)
		}
		if k.PredictedMax > 0 {
			row[2] = words.Duration(k.PredictedMin) + " to " + words.Duration(k.PredictedMax)
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

func timeoutRuns(t *compare.Tuning) doc.Table {
	table := doc.Table{Title: "Runs", Dense: true, Head: slices.Concat(doc.Numbers("timeout ms"), doc.Columns("outcome", "run"), doc.Long("why"))}
	for _, s := range t.Steps {
		for _, r := range s.Runs {
			table.Rows = append(table.Rows, []string{milliseconds(s.Timeout), string(r.Outcome), r.Run, words.OrNone(r.Why)})
		}
	}
	return table
}
