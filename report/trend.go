package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/report/statistics"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// TrendSchemaVersion is the version of Trend's JSON.
const TrendSchemaVersion = 1

// Trend is what runs of one scenario measured over time, and when it changed.
type Trend struct {
	SchemaVersion int    `json:"schemaVersion"`
	Scenario      string `json:"scenario"`
	// Runs are those whose figures count, oldest first.
	Runs []TrendRun `json:"runs"`
	// LeftOut are the others, with the reason.
	LeftOut []string      `json:"leftOut"`
	Series  []TrendSeries `json:"series"`
}

// TrendRun is a run of a trend.
type TrendRun struct {
	ID      string           `json:"id"`
	Start   time.Time        `json:"start"`
	Verdict results.Verdict  `json:"verdict"`
	Version results.Versions `json:"versions"`
}

// TrendSeries is a figure over the runs.
type TrendSeries struct {
	FigureID
	Unit   scenarios.Unit `json:"unit"`
	Better Direction      `json:"better"`
	// Values by run, in the figure's unit; of failovers the median. Null where a
	// run did not measure it.
	Values  []*float64    `json:"values"`
	Changes []TrendChange `json:"changes"`
	// Key series answer what people ask first; they are judged in comparisons.
	Key bool `json:"key"`
}

// TrendChange is where a series changed.
type TrendChange struct {
	statistics.Change
	// Answer tells whether After is better, worse or just other.
	Answer Answer `json:"answer"`
	// First is the first run with the new level, Last the last with the old.
	First string `json:"first"`
	Last  string `json:"last"`
	// Differs lists in what these two runs differ.
	Differs []Difference `json:"differs"`
}

// TrendBuilder gathers runs one after the other, so that only one is in memory.
type TrendBuilder struct{ runs []trendEntry }

type trendEntry struct {
	run     TrendRun
	name    string
	figures []Figure
	traits  map[string]string
	leftOut string
	steady  string
	closed  bool
}

// Add analyzes a run anew and adds its figures.
func (t *TrendBuilder) Add(b *results.Bundle) error {
	sc, err := scenarioOf(b)
	if err != nil {
		return err
	}
	a := newAnalysis(b, sc)
	s := a.summary()
	e := trendEntry{name: b.Run.Name, run: TrendRun{runName(b), b.Run.Start, s.Verdict, b.Run.Versions}, traits: traits(b), closed: sc.Workload.Rate.Max, steady: All}
	if why := slices.Concat(a.invalid(s), a.unsound()); len(why) > 0 {
		e.leftOut = runName(b) + ": " + strings.Join(why, "; ")
	} else {
		e.figures = Figures(&b.Run, s)
		if len(a.phases) > 1 {
			e.steady = a.phases[0].name
		}
	}
	t.runs = append(t.runs, e)
	return nil
}

// Trends are the trends of all scenarios that runs were added of, by name.
func (t *TrendBuilder) Trends() []*Trend {
	by := map[string][]trendEntry{}
	var names []string
	for _, e := range t.runs {
		if by[e.name] == nil {
			names = append(names, e.name)
		}
		by[e.name] = append(by[e.name], e)
	}
	slices.Sort(names)
	var list []*Trend
	for _, name := range names {
		list = append(list, trendOf(name, by[name]))
	}
	return list
}

func trendOf(name string, entries []trendEntry) *Trend {
	t := &Trend{SchemaVersion: TrendSchemaVersion, Scenario: name, Runs: []TrendRun{}, LeftOut: []string{}, Series: []TrendSeries{}}
	slices.SortStableFunc(entries, func(a, b trendEntry) int { return a.run.Start.Compare(b.run.Start) })
	var used []trendEntry
	for _, e := range entries {
		if e.leftOut != "" {
			t.LeftOut = append(t.LeftOut, e.leftOut)
			continue
		}
		used = append(used, e)
		t.Runs = append(t.Runs, e.run)
	}
	places := map[FigureID]int{}
	for i, e := range used {
		for _, f := range e.figures {
			at, known := places[f.FigureID]
			if !known {
				at = len(t.Series)
				places[f.FigureID] = at
				t.Series = append(t.Series, TrendSeries{FigureID: f.FigureID, Unit: f.Unit, Better: f.Better,
					Values: make([]*float64, len(used)), Key: judgedByDefault(f.FigureID, e.steady, e.closed)})
			}
			values := slices.Clone(f.Values)
			slices.Sort(values)
			middle := (values[(len(values)-1)/2] + values[len(values)/2]) / 2
			t.Series[at].Values[i] = &middle
		}
	}
	for i := range t.Series {
		t.Series[i].changes(used)
	}
	slices.SortStableFunc(t.Series, func(a, b TrendSeries) int {
		if a.Key != b.Key {
			return map[bool]int{true: -1, false: 1}[a.Key]
		}
		return 0
	})
	return t
}

// changes finds where the series changed. Runs that did not measure it are no
// part of it.
func (s *TrendSeries) changes(used []trendEntry) {
	var values []float64
	var at []int
	for i, v := range s.Values {
		if v != nil {
			values, at = append(values, *v), append(at, i)
		}
	}
	limit := defaultThreshold(s.Metric)
	matters := func(before, after float64) bool {
		return before != after && math.Abs(after-before) >= limit.of(before)
	}
	s.Changes = []TrendChange{}
	for _, c := range statistics.Changes(values, matters) {
		last, first := used[at[c.At-1]], used[at[c.At]]
		change := TrendChange{Change: c, First: first.run.ID, Last: last.run.ID, Differs: differences(last.traits, first.traits)}
		change.At = at[c.At]
		switch {
		case s.Better == Neither:
			change.Answer = Changed
		case c.After > c.Before == (s.Better == Higher):
			change.Answer = Better
		default:
			change.Answer = Worse
		}
		s.Changes = append(s.Changes, change)
	}
}

// Changed counts the changes of the key series, and those of all.
func (t *Trend) Changed() (key, all int) {
	for _, s := range t.Series {
		all += len(s.Changes)
		if s.Key {
			key += len(s.Changes)
		}
	}
	return key, all
}

// TrendCSV writes a trend as a table that spreadsheets and Apache Otava read: a
// row for each run, with its time, id and versions, and a column for each series.
func TrendCSV(w io.Writer, t *Trend) error {
	out := csv.NewWriter(w)
	head := []string{"time", "run", "verdict", "redis", "slotstorm"}
	for _, s := range t.Series {
		head = append(head, csvCell(s.column()))
	}
	rows := [][]string{head}
	for i, r := range t.Runs {
		row := []string{r.Start.UTC().Format("2006-01-02 15:04:05 +0000"), csvCell(r.ID), csvCell(string(r.Verdict)), csvCell(r.Version.Redis), csvCell(r.Version.Slotstorm)}
		for _, s := range t.Series {
			cell := ""
			if s.Values[i] != nil {
				cell = strconv.FormatFloat(*s.Values[i], 'g', -1, 64)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// column names a series in one word: response.p99.GET.steady.
func (s *TrendSeries) column() string {
	parts := []string{s.Metric}
	for _, p := range []string{s.Command, s.Phase} {
		if p != "" && p != All {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ".")
}

// fromDays is a time in days.
func fromDays(days float64) time.Duration { return time.Duration(days * 24 * float64(time.Hour)) }
