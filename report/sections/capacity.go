package sections

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/plot"
	"github.com/slotstorm/slotstorm/report/words"
)

func answersTable(c *compare.Capacity) doc.Table {
	t := doc.Table{Title: "Capacity", Dense: true, Head: slices.Concat(doc.Columns("shards", "state"), doc.Numbers("highest rate", "missed at", "by shard", "p50", "p99", "busiest node", "all nodes"), doc.Columns("confirmed", "limited by"))}
	for _, a := range c.Answers {
		state := "healthy"
		if a.OneDown {
			state = "one primary down"
		}
		row := []string{fmt.Sprint(a.Shards), state, words.None, words.None, words.None, words.None, words.None, words.None, words.None, "no", words.OrNone(a.Limit)}
		if a.Rate > 0 {
			row[2], row[4] = words.Rate(a.Rate), words.Rate(a.Rate/float64(a.Shards))
			for _, s := range a.Steps {
				if s.Rate == a.Rate && s.Outcome == compare.Meets {
					row[5], row[6] = words.Duration(s.P50), words.Duration(s.P99)
					row[7], row[8] = coresText(s.Cores), coresText(s.AllCores)
				}
			}
		}
		if a.Misses > 0 {
			row[3] = words.Rate(a.Misses)
		}
		if a.Confirmed {
			row[9] = "yes"
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func coresText(v float64) string {
	if v == 0 {
		return words.None
	}
	return fmt.Sprintf("%.2f cores", v)
}

func capacitySteps(a compare.CapacityAnswer) doc.Table {
	t := doc.Table{Title: "Steps, " + a.Title(), Dense: true, Head: slices.Concat(doc.Numbers("rate"), doc.Columns("outcome"), doc.Numbers("ok", "p50", "p90", "p99", "busiest node"), []doc.Column{{Title: "run", In: doc.Page}}, doc.Long("why"))}
	for _, s := range a.Steps {
		t.Rows = append(t.Rows, []string{words.Rate(s.Rate), string(s.Outcome), words.Percent(s.OK), words.Duration(s.P50), words.Duration(s.P90), words.Duration(s.P99), coresText(s.Cores), s.Run, words.OrNone(s.Why)})
	}
	return t
}

func capacityFacts(c *compare.Capacity) string {
	e := c.Environment
	return words.Sentence(" · ", words.OrNone(c.Server.String()), fmt.Sprintf("%d × %s", e.CPUs, words.OrNone(e.CPUModel)), "each rate held for "+c.Hold, strings.Join(c.Objectives, ", "))
}

// capacitySections are the sections of an answer on capacity, in their order.
func capacitySections() []func(*compare.Capacity) doc.Section {
	return []func(*compare.Capacity) doc.Section{
		answers,
		everyStep,
	}
}

// Capacity is the answer to how much a cluster carries.
func Capacity(c *compare.Capacity) doc.Document {
	d := doc.Document{
		Window: "Capacity of " + c.Scenario, Style: doc.Many,
		Badge: doc.Badge{Class: unjudged}, Title: "Capacity of " + c.Scenario, Facts: capacityFacts(c),
		Footer: "slotstorm",
	}
	for _, s := range c.Sizes {
		d.Reasons = append(d.Reasons, s.String())
	}
	if text := c.Shared(); text != "" {
		d.Head = []doc.Block{doc.List{Items: []string{text}, Warn: true}}
	}
	for _, section := range capacitySections() {
		d.Sections = append(d.Sections, section(c))
	}
	return d
}

func answers(c *compare.Capacity) doc.Section {
	return doc.Section{Title: "Capacity", Blocks: []doc.Block{
		answersTable(c),
		doc.Only(doc.Page, doc.Note{Text: doc.Prose("*Confirmed*: at the highest rate, every objective was met twice. *Missed at*: the lowest higher rate that missed an objective. *By shard*: the rate of each shard. *Cores*: CPU time of the nodes per second of load.")}),
		doc.Only(doc.Page, doc.Pictures(func() []doc.Picture {
			var list []plot.Picture
			for _, a := range c.Answers {
				if len(a.Curve()) > 1 {
					list = append(list, plot.CurvePicture(a))
				}
			}
			return pictures(list)
		})),
	}}
}

func everyStep(c *compare.Capacity) doc.Section {
	d := doc.Section{Title: "Every step"}
	for _, a := range c.Answers {
		t := capacitySteps(a)
		d.Blocks = append(d.Blocks, doc.Only(doc.Written, doc.Details{Summary: t.Title, More: fmt.Sprint(len(t.Rows)), Blocks: []doc.Block{t}}))
	}
	return d
}
