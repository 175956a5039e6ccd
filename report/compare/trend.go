package compare

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/statistics"
	"github.com/slotstorm/slotstorm/results"
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
	Unit   results.Unit      `json:"unit"`
	Better metrics.Direction `json:"better"`
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
	// Answer is whether After is better, worse or just other.
	Answer Answer `json:"answer"`
	// First is the first run with the new level, Last the last with the old.
	First string `json:"first"`
	Last  string `json:"last"`
	// Differs lists in what these two runs differ.
	Differs []facts.Difference `json:"differs"`
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
	sc, err := facts.ScenarioOf(b)
	if err != nil {
		return err
	}
	a := facts.New(b, sc)
	s := judge.Summary(a)
	e := trendEntry{name: b.Run.Name, run: TrendRun{facts.RunName(b), b.Run.Start, s.Verdict, b.Run.Versions}, traits: facts.Traits(b), closed: sc.Workload.Rate.Max, steady: results.All}
	if why := slices.Concat(judge.Invalid(a, s), judge.Unsound(a, s)); len(why) > 0 {
		e.leftOut = facts.RunName(b) + ": " + strings.Join(why, "; ")
	} else {
		e.figures = figuresOf(&b.Run, s)
		if len(a.Phases) > 1 {
			e.steady = a.Phases[0].Name
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
					Values: make([]*float64, len(used)), Key: f.FigureID.decides(e.steady, e.closed)})
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
	limit := s.threshold()
	matters := func(before, after float64) bool {
		return before != after && math.Abs(after-before) >= limit.Of(before)
	}
	s.Changes = []TrendChange{}
	for _, c := range statistics.Changes(values, matters) {
		last, first := used[at[c.At-1]], used[at[c.At]]
		change := TrendChange{Change: c, First: first.run.ID, Last: last.run.ID, Differs: facts.Differences(last.traits, first.traits)}
		change.At = at[c.At]
		switch {
		case s.Better == metrics.Neither:
			change.Answer = Changed
		case c.After > c.Before == (s.Better == metrics.Higher):
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

// Measured are the values of the runs that measured it.
func (s *TrendSeries) Measured() []float64 {
	var list []float64
	for _, v := range s.Values {
		if v != nil {
			list = append(list, *v)
		}
	}
	return list
}
