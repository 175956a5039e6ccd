package sections

import (
	"fmt"
	"math"
	"slices"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/plot"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

func change(f results.Failover) string {
	switch f.To {
	case "":
		return f.From + " → none"
	case f.From:
		return f.From + " came back"
	}
	return f.From + " → " + f.To
}

// failoverTable shows the time that each step took; they add up to server.
func failoverTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Failovers", Dense: true, Head: append(doc.Columns("fault", "shard", "primary"),
		doc.Numbers("PFAIL", "+ FAIL", "+ election", "+ promotion", "+ write", "= server", "client", "in sync")...),
		Note: doc.Prose("The columns *PFAIL*, *FAIL*, *election*, *promotion* and *write* show how long each step took. *server* is their sum: from the fault to the first successful write of a probe (a connection that only tests a node). *client* is the time from the fault to the first successful write of the application client, which sends the load. *in sync* is the time from the fault until the old primary has become a replica and is in sync. If that never happens, it is the time until the other replicas of the shard are in sync.")}
	t.Head = append(t.Head, doc.Column{Title: "predicted", Number: true, In: doc.Written})
	for _, f := range s.Failovers {
		row := []string{words.Origin(f), fmt.Sprint(f.Shard), change(f)}
		for _, name := range facts.ServerSteps() {
			if st := f.Step(name); st != nil {
				row = append(row, words.StepTime(st.Took))
			} else {
				row = append(row, words.None)
			}
		}
		for _, m := range []results.Duration{f.Server, f.Client, f.Synced} {
			if m == 0 {
				row = append(row, words.None)
			} else {
				row = append(row, words.StepTime(m))
			}
		}
		t.Rows = append(t.Rows, append(row, words.Prediction(f)))
	}
	return t
}

// spread is a distribution in a line.
func spread(d *results.Distribution) string {
	if d == nil {
		return ""
	}
	return fmt.Sprintf("%d failovers: median %s (%.0f %% confidence: %s), fastest %s, slowest %s",
		d.N, words.Duration(d.Median), math.Floor(d.Confidence*100), words.StretchText(d.Low, d.High), words.Duration(d.Min), words.Duration(d.Max))
}

// asPredicted compares all failovers with their predictions in a line.
func asPredicted(s *results.Summary) string {
	n, within := 0, 0
	var one results.Failover
	for _, f := range s.Failovers {
		if f.Completed() && f.PredictedMax > 0 {
			n++
			one = f
			if f.Server >= f.PredictedMin && f.Server <= f.PredictedMax {
				within++
			}
		}
	}
	switch {
	case n == 0:
		return ""
	case n == 1:
		side := map[int]string{0: "outside", 1: "within"}[within]
		return fmt.Sprintf("the failover took %s (server), %s the %s predicted for this configuration", words.StepTime(one.Server), side, words.Prediction(one))
	}
	return fmt.Sprintf("%d of %d failovers took as long (server) as predicted for this configuration", within, n)
}

func stepTable(f results.Failover) doc.Table {
	t := doc.Table{Title: "Steps of " + words.OriginText(f), Head: slices.Concat(doc.Columns("step"), doc.Numbers("since the fault", "took", "at most earlier by"), doc.Columns("seen by"))}
	for _, st := range f.Steps {
		if st.Missing {
			t.Rows = append(t.Rows, []string{words.Step(st.Name), words.None, words.None, words.None, "not seen"})
			continue
		}
		t.Rows = append(t.Rows, []string{words.Step(st.Name), words.StepTime(st.At), words.StepTime(st.Took), earlier(st), sources[st.Source]})
	}
	return t
}

func earlier(st results.Step) string {
	if st.Uncertainty == 0 {
		return words.None
	}
	return words.StepTime(st.Uncertainty)
}

// sources are what an observation rests on.
var sources = map[string]string{
	"log":    "the node's own log",
	"poll":   "polling the node",
	"probe":  "a probe's write",
	"client": "the application client's write",
}

// failovers show how long each took, step by step, and how that is known.
func failovers(b *results.Bundle, s *results.Summary) doc.Section {
	d := doc.Section{ID: "failovers", Title: "Failovers"}
	if len(s.Failovers) == 0 {
		return d
	}
	d.Blocks = []doc.Block{
		doc.Only(doc.Written, doc.Pictures(func() []doc.Picture { return pictures(plot.Failovers(s)) })),
		failoverTable(s),
		doc.Line(spread(s.FailoverStats)), doc.Line(asPredicted(s)),
	}
	said := map[string]bool{}
	for _, f := range s.Failovers {
		// A fault that hit several shards may have the same to say of each.
		if line := words.Origin(f) + ": " + f.Note; f.Note != "" && !said[line] {
			said[line] = true
			d.Blocks = append(d.Blocks, doc.Only(doc.Terminal|doc.Markdown, doc.Line(line)))
		}
	}
	for _, f := range s.Failovers {
		d.Blocks = append(d.Blocks, doc.Only(doc.Page, doc.Details{
			Summary: words.Origin(f), More: fmt.Sprintf("shard %d, %s, began at %s: how each step is known", f.Shard, change(f), words.Since(&b.Run, f.Injected)),
			ID: judge.FailoverAnchor(f), Open: len(s.Failovers) == 1,
			Blocks: []doc.Block{doc.Line(f.Note), stepTable(f)},
		}))
	}
	return d
}
