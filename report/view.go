package report

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/slotstorm/slotstorm/results"
)

// table is what every renderer shows in its own way: the same rows in the
// terminal, in Markdown and in HTML.
type table struct {
	Title string
	Head  []column
	Rows  [][]string
	// Grouped rows belong together while their first cell stays the same.
	Grouped bool
}

// Breaks tells whether row i begins a new group.
func (t table) Breaks(i int) bool { return t.Grouped && i > 0 && t.Rows[i][0] != t.Rows[i-1][0] }

// column is a heading; Number columns are set flush right, Long ones may break
// into lines.
type column struct {
	Title        string
	Number, Long bool
}

func words(titles ...string) []column {
	var list []column
	for _, t := range titles {
		list = append(list, column{Title: t})
	}
	return list
}

func numbers(titles ...string) []column {
	var list []column
	for _, t := range titles {
		list = append(list, column{Title: t, Number: true})
	}
	return list
}

func long(title string) []column { return []column{{Title: title, Long: true}} }

const none = "–"

// headline is the line under the verdict.
func headline(r *results.Run) []string {
	list := []string{
		r.Start.UTC().Format("2006-01-02 15:04:05 UTC"),
		fmt.Sprintf("seed %d", r.Seed),
		"Redis " + orNone(r.Versions.Redis),
		sentence(" ", r.Client.Type, r.Client.Version),
	}
	if r.Environment.Provider != "" {
		list = append(list, r.Environment.Provider)
	}
	return list
}

func orNone(s string) string {
	if s == "" {
		return none
	}
	return s
}

// marks of results: shape and word carry the meaning, colour only repeats it.
var marks = map[results.Verdict]string{
	results.Pass: "✓", results.Fail: "✗", results.Inconclusive: "?", results.Invalid: "!",
}

// room is an objective's margin in words.
func room(o results.Objective) string {
	if o.Margin == nil {
		return none
	}
	m := *o.Margin * 100
	share := count(int64(math.Round(math.Abs(m)))) + " %"
	if math.Abs(m) < 0.95 {
		share = fmt.Sprintf("%.1f %%", math.Abs(m))
	}
	switch {
	case o.Result == results.Fail:
		return share + " beyond"
	case o.Result != results.Pass:
		return none
	case m == 0:
		return "at the bound"
	}
	return share + " to spare"
}

func objectivesTable(s *results.Summary) table {
	t := table{Title: "Objectives", Head: slices.Concat(words("", "objective"), numbers("measured", "margin"), long("read from"))}
	for _, o := range s.Objectives {
		t.Rows = append(t.Rows, []string{marks[o.Result] + " " + string(o.Result), o.Name, o.Shown, room(o), o.Evidence})
	}
	return t
}

// serverSteps are the steps that add up to Failover.Server.
func serverSteps() []string {
	return []string{StepPFail, StepFail, StepElection, StepPromoted, StepProbe}
}

func stepOf(f results.Failover, name string) *results.Step {
	i := slices.IndexFunc(f.Steps, func(s results.Step) bool { return s.Name == name })
	if i < 0 || f.Steps[i].Missing {
		return nil
	}
	return &f.Steps[i]
}

func whenSet(m results.Duration) string {
	if m == 0 {
		return none
	}
	return duration(m)
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

// stretchText is a range, with its unit once if both ends have the same.
func stretchText(low, high results.Duration) string {
	l, h := duration(low), duration(high)
	if number, unit, ok := strings.Cut(l, " "); ok && strings.HasSuffix(h, " "+unit) && !strings.Contains(unit, " ") {
		l = number
	}
	return l + " to " + h
}

func prediction(f results.Failover) string {
	if f.PredictedMax == 0 {
		return none
	}
	return stretchText(f.PredictedMin, f.PredictedMax)
}

const predicted = "predicted"

// failoverTable shows the time that each step took; they add up to server.
func failoverTable(s *results.Summary) table {
	t := table{Title: "Failovers", Head: append(words("fault", "shard", "primary"),
		numbers("PFAIL", "+ FAIL", "+ election", "+ promoted", "+ write", "= server", "client", "in sync", predicted)...)}
	for _, f := range s.Failovers {
		row := []string{f.Fault, fmt.Sprint(f.Shard), change(f)}
		for _, name := range serverSteps() {
			if st := stepOf(f, name); st != nil {
				row = append(row, stepTime(st.Took))
			} else {
				row = append(row, none)
			}
		}
		for _, m := range []results.Duration{f.Server, f.Client, f.Synced} {
			if m == 0 {
				row = append(row, none)
			} else {
				row = append(row, stepTime(m))
			}
		}
		t.Rows = append(t.Rows, append(row, prediction(f)))
	}
	return t
}

// spread is a distribution in a line.
func spread(d *results.Distribution) string {
	if d == nil {
		return ""
	}
	return fmt.Sprintf("%d failovers: median %s (%.0f %% confidence: %s), fastest %s, slowest %s",
		d.N, duration(d.Median), math.Floor(d.Confidence*100), stretchText(d.Low, d.High), duration(d.Min), duration(d.Max))
}

// loadTable puts load and the most asked percentiles of a phase and command
// into one row.
func loadTable(s *results.Summary) table {
	t := table{Title: "Load", Grouped: true, Head: append(words("phase", "command"),
		numbers("requests", "ok", "ok/s", "p50", "p99", "p99.9", "max", "service p99", "slip p99")...)}
	for _, l := range s.Load {
		if l.Counts.Total() == 0 {
			continue
		}
		row := []string{phaseName(l.Phase), l.Command, count(l.Counts.Total()), percent(share(l.Counts)), rate(l.Throughput)}
		if r := findLatency(s.Latency, l.Phase, l.Command, results.Response); r != nil {
			row = append(row, duration(r.P50), duration(r.P99), duration(r.P999), duration(r.Max))
		} else {
			row = append(row, none, none, none, none)
		}
		for _, kind := range []results.Time{results.Service, results.Slip} {
			if r := findLatency(s.Latency, l.Phase, l.Command, kind); r != nil {
				row = append(row, duration(r.P99))
			} else {
				row = append(row, none)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// phaseName calls the whole by what it is.
func phaseName(name string) string {
	if name == All {
		return "timeline"
	}
	return name
}

func share(c results.Counts) float64 {
	if c.Total() == 0 {
		return 0
	}
	return float64(c.OK) / float64(c.Total())
}

// percentileTable is the full table of one of the three times.
func percentileTable(s *results.Summary, kind results.Time) table {
	t := table{Title: string(kind) + " time", Grouped: true, Head: append(words("phase", "command"),
		numbers("answered", "mean", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max")...)}
	for _, r := range s.Latency {
		if r.Time == kind {
			t.Rows = append(t.Rows, []string{phaseName(r.Phase), r.Command, count(r.Count), duration(r.Mean), duration(r.P50), duration(r.P90),
				duration(r.P95), duration(r.P99), duration(r.P999), duration(r.P9999), duration(r.Max)})
		}
	}
	return t
}

// shardTable shows each shard's times before, during and after a fault.
func shardTable(s *results.Summary) table {
	t := table{Title: "Latency by shard", Grouped: true, Head: append(words("phase", "shard"),
		numbers("answered", "p50", "p99", "p99.9", "max", "service p50", "service p99", "service max")...)}
	service := map[string]results.Latency{}
	place := func(r results.ShardLatency) string { return fmt.Sprint(r.Shard, " ", r.Phase) }
	for _, r := range s.Shards {
		if r.Time == results.Service {
			service[place(r)] = r.Latency
		}
	}
	for _, r := range s.Shards {
		if v, ok := service[place(r)]; ok && r.Time == results.Response {
			t.Rows = append(t.Rows, []string{phaseName(r.Phase), fmt.Sprint(r.Shard), count(r.Count), duration(r.P50), duration(r.P99), duration(r.P999), duration(r.Max),
				duration(v.P50), duration(v.P99), duration(v.Max)})
		}
	}
	return t
}

// errorTable tells what became of the requests that were not answered ok.
func errorTable(s *results.Summary) table {
	t := table{Title: "Errors", Head: slices.Concat(words("phase"), numbers("failed", "unknown", "overflow"), long("by class"))}
	for _, l := range s.Load {
		if l.Command == All && l.Counts.Total() > l.Counts.OK {
			t.Rows = append(t.Rows, []string{phaseName(l.Phase), count(l.Counts.Failed), count(l.Counts.Unknown), count(l.Counts.Overflow), classes(l.Errors)})
		}
	}
	return t
}

// classes lists error classes, most frequent first.
func classes(m map[string]int) string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := names[i], names[j]
		return m[a] > m[b] || (m[a] == m[b] && a < b)
	})
	for i, name := range names {
		names[i] = name + " " + count(m[name])
	}
	return strings.Join(names, ", ")
}

func availabilityTable(r *results.Run, s *results.Summary) table {
	t := table{Title: "Availability", Head: append(words("shard", "slots"), numbers("outages", "down", "longest", "up")...)}
	if s.Availability.Observed == 0 {
		return t
	}
	up := func(down results.Duration) string {
		return percent(1 - float64(down)/float64(s.Availability.Observed))
	}
	for _, v := range s.Availability.Shards {
		t.Rows = append(t.Rows, []string{fmt.Sprint(v.Shard), slotsOf(r, v.Shard), count(v.Outages), whenSet(v.Down), whenSet(v.Longest), up(v.Down)})
	}
	t.Rows = append(t.Rows,
		[]string{"any shard down", "", "", whenSet(s.Availability.Any), "", up(s.Availability.Any)},
		[]string{"all shards down", "", "", whenSet(s.Availability.All), "", up(s.Availability.All)})
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
		if failedOver(f) {
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
		return "as predicted for this configuration: " + prediction(one)
	case n == 1:
		return "predicted for this configuration: " + prediction(one)
	}
	return fmt.Sprintf("%d of %d within what is predicted for the configuration", within, n)
}

func faultTable(r *results.Run) table {
	t := table{Title: "Faults", Head: slices.Concat(words("fault", "action", "node", "status"), long("proof"), numbers("injected", "proved", "whole again", "after"))}
	for _, f := range r.Faults {
		t.Rows = append(t.Rows, []string{f.Name, f.Detail, orNone(f.Node), string(f.Status), orNone(sentence("; ", f.Proof, f.Reason)),
			since(r, f.Injected), since(r, f.Proved), since(r, f.Verified), wholeAfter(f)})
	}
	return t
}

// wholeAfter is how long after a fault the cluster was seen whole again.
func wholeAfter(f results.Fault) string {
	if f.Verified == 0 {
		return none
	}
	return duration(f.Verified - f.Injected)
}
