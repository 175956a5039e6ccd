package render

import (
	"fmt"
	"math"
	"slices"

	"github.com/slotstorm/slotstorm/report/doc"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// headline is the line under the verdict.
func headline(r *results.Run) []string {
	list := []string{
		r.Start.UTC().Format("2006-01-02 15:04:05 UTC"),
		fmt.Sprintf("seed %d", r.Seed),
		"Redis " + words.OrNone(r.Versions.Redis),
		words.Sentence(" ", r.Client.Type, r.Client.Version),
	}
	if r.Environment.Provider != "" {
		list = append(list, r.Environment.Provider)
	}
	return list
}

// marks of results: shape and word carry the meaning, colour only repeats it.
var marks = map[results.Verdict]string{
	results.Pass: "✓", results.Fail: "✗", results.Inconclusive: "?", results.Invalid: "!",
}

// room is an objective's margin in words.
func room(o results.Objective) string {
	if o.Margin == nil {
		return words.None
	}
	m := *o.Margin * 100
	share := words.Count(int64(math.Round(math.Abs(m)))) + " %"
	if math.Abs(m) < 0.95 {
		share = fmt.Sprintf("%.1f %%", math.Abs(m))
	}
	switch {
	case o.Result == results.Fail:
		return share + " beyond"
	case o.Result != results.Pass:
		return words.None
	case m == 0:
		return "at the bound"
	}
	return share + " to spare"
}

func objectivesTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Objectives", Head: slices.Concat(doc.Columns("", "objective"), doc.Numbers("measured", "margin"), doc.Long("read from"))}
	for _, o := range s.Objectives {
		t.Rows = append(t.Rows, []string{marks[o.Result] + " " + string(o.Result), o.Name, o.Shown, room(o), o.Evidence})
	}
	return t
}

func change(f results.Failover) string {
	switch f.To {
	case "":
		return f.From + " → none"
	case f.From:
		return f.From + " came back"
	}
	return f.From + " → " + f.To
}

const predicted = "predicted"

// failoverTable shows the time that each step took; they add up to server.
func failoverTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Failovers", Head: append(doc.Columns("fault", "shard", "primary"),
		doc.Numbers("PFAIL", "+ FAIL", "+ election", "+ promoted", "+ write", "= server", "client", "in sync", predicted)...)}
	for _, f := range s.Failovers {
		row := []string{f.Fault, fmt.Sprint(f.Shard), change(f)}
		for _, name := range facts.ServerSteps() {
			if st := facts.StepOf(f, name); st != nil {
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

// loadTable puts load and the most asked percentiles of a phase and command
// into one row.
func loadTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Load", Grouped: true, Head: append(doc.Columns("phase", "command"),
		doc.Numbers("requests", "ok", "ok/s", "p50", "p99", "p99.9", "max", "service p99", "slip p99")...)}
	for _, l := range s.Load {
		if l.Counts.Total() == 0 {
			continue
		}
		row := []string{phaseName(l.Phase), l.Command, words.Count(l.Counts.Total()), words.Percent(facts.Share(l.Counts)), words.Rate(l.Throughput)}
		if r := facts.FindLatency(s.Latency, l.Phase, l.Command, results.Response); r != nil {
			row = append(row, words.Duration(r.P50), words.Duration(r.P99), words.Duration(r.P999), words.Duration(r.Max))
		} else {
			row = append(row, words.None, words.None, words.None, words.None)
		}
		for _, kind := range []results.Time{results.Service, results.Slip} {
			if r := facts.FindLatency(s.Latency, l.Phase, l.Command, kind); r != nil {
				row = append(row, words.Duration(r.P99))
			} else {
				row = append(row, words.None)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// phaseName calls the whole by what it is.
func phaseName(name string) string {
	if name == facts.All {
		return "timeline"
	}
	return name
}

// percentileTable is the full table of one of the three times.
func percentileTable(s *results.Summary, kind results.Time) doc.Table {
	t := doc.Table{Title: string(kind) + " time", Grouped: true, Head: append(doc.Columns("phase", "command"),
		doc.Numbers("answered", "mean", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max")...)}
	for _, r := range s.Latency {
		if r.Time == kind {
			t.Rows = append(t.Rows, []string{phaseName(r.Phase), r.Command, words.Count(r.Count), words.Duration(r.Mean), words.Duration(r.P50), words.Duration(r.P90),
				words.Duration(r.P95), words.Duration(r.P99), words.Duration(r.P999), words.Duration(r.P9999), words.Duration(r.Max)})
		}
	}
	return t
}

// shardTable shows each shard's times before, during and after a fault.
func shardTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Latency by shard", Grouped: true, Head: append(doc.Columns("phase", "shard"),
		doc.Numbers("answered", "p50", "p99", "p99.9", "max", "service p50", "service p99", "service max")...)}
	service := map[string]results.Latency{}
	place := func(r results.ShardLatency) string { return fmt.Sprint(r.Shard, " ", r.Phase) }
	for _, r := range s.Shards {
		if r.Time == results.Service {
			service[place(r)] = r.Latency
		}
	}
	for _, r := range s.Shards {
		if v, ok := service[place(r)]; ok && r.Time == results.Response {
			t.Rows = append(t.Rows, []string{phaseName(r.Phase), fmt.Sprint(r.Shard), words.Count(r.Count), words.Duration(r.P50), words.Duration(r.P99), words.Duration(r.P999), words.Duration(r.Max),
				words.Duration(v.P50), words.Duration(v.P99), words.Duration(v.Max)})
		}
	}
	return t
}

// errorTable counts the requests that were not answered ok.
func errorTable(s *results.Summary) doc.Table {
	t := doc.Table{Title: "Errors", Head: slices.Concat(doc.Columns("phase"), doc.Numbers("failed", "unknown", "overflow"), doc.Long("by class"))}
	for _, l := range s.Load {
		if l.Command == facts.All && l.Counts.Total() > l.Counts.OK {
			t.Rows = append(t.Rows, []string{phaseName(l.Phase), words.Count(l.Counts.Failed), words.Count(l.Counts.Unknown), words.Count(l.Counts.Overflow), words.Classes(l.Errors)})
		}
	}
	return t
}

func availabilityTable(r *results.Run, s *results.Summary) doc.Table {
	t := doc.Table{Title: "Availability", Head: append(doc.Columns("shard", "slots"), doc.Numbers("outages", "down", "longest", "up")...)}
	if s.Availability.Observed == 0 {
		return t
	}
	up := func(down results.Duration) string {
		return words.Percent(1 - float64(down)/float64(s.Availability.Observed))
	}
	for _, v := range s.Availability.Shards {
		t.Rows = append(t.Rows, []string{fmt.Sprint(v.Shard), slotsOf(r, v.Shard), words.Count(v.Outages), words.WhenSet(v.Down), words.WhenSet(v.Longest), up(v.Down)})
	}
	t.Rows = append(t.Rows,
		[]string{"any shard down", "", "", words.WhenSet(s.Availability.Any), "", up(s.Availability.Any)},
		[]string{"all shards down", "", "", words.WhenSet(s.Availability.All), "", up(s.Availability.All)})
	return t
}

func slotsOf(r *results.Run, shard int) string {
	for _, s := range r.Shards {
		if s.Index == shard {
			return s.Slots
		}
	}
	return ""
}

// asPredicted compares all failovers with their predictions in a line.
func asPredicted(s *results.Summary) string {
	n, within := 0, 0
	var one results.Failover
	for _, f := range s.Failovers {
		if facts.FailedOver(f) {
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
	case n == 1 && within == 1:
		return "as predicted for this configuration: " + words.Prediction(one)
	case n == 1:
		return "predicted for this configuration: " + words.Prediction(one)
	}
	return fmt.Sprintf("%d of %d within what is predicted for the configuration", within, n)
}

func faultTable(r *results.Run) doc.Table {
	t := doc.Table{Title: "Faults", Head: slices.Concat(doc.Columns("fault", "action", "node", "status"), doc.Long("proof"), doc.Numbers("injected", "proved", "whole again", "after"))}
	for _, f := range r.Faults {
		t.Rows = append(t.Rows, []string{f.Name, f.Detail, words.OrNone(f.Node), string(f.Status), words.OrNone(words.Sentence("; ", f.Proof, f.Reason)),
			words.Since(r, f.Injected), words.Since(r, f.Proved), words.Since(r, f.Verified), wholeAfter(f)})
	}
	return t
}

// wholeAfter is how long after a fault the cluster was seen whole again.
func wholeAfter(f results.Fault) string {
	if f.Verified == 0 {
		return words.None
	}
	return words.Duration(f.Verified - f.Injected)
}

func cores(n int) string {
	if n == 0 {
		return ""
	}
	return words.Plural(n, "CPU", "CPUs")
}

func memory(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
