package compare

import (
	"maps"
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

// Trend is what runs of one scenario measured over time, and when it changed. Its runs
// measured one thing again: the same load and timeline, on the same kind of machine and
// product. Versions may differ.
type Trend struct {
	SchemaVersion int    `json:"schemaVersion"`
	Scenario      string `json:"scenario"`
	// Apart is in what the runs differ from those of the other trends of the scenario.
	Apart []results.Setting `json:"apart,omitempty"`
	// Needs is how many runs a figure needs for a change to be found in it.
	Needs int `json:"needs"`
	// Runs are those whose figures count, oldest first.
	Runs []TrendRun `json:"runs"`
	// Latest is when the newest run started, whether or not its figures count.
	Latest time.Time `json:"-"`
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
	Values []*float64 `json:"values"`
	// AtLeast are the runs, by their place in Runs, whose value may be higher because the
	// end was not seen.
	AtLeast []int         `json:"atLeast,omitempty"`
	Changes []TrendChange `json:"changes"`
	// Key series answer what people ask first; they are judged in comparisons.
	Key bool `json:"key"`
	// Few: fewer runs measured it than a change needs to be found. That no change was
	// found then says nothing.
	Few bool `json:"few,omitempty"`
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

// Trends are the trends of all scenarios that runs were added of, by name. Runs of one
// scenario that did not measure the same thing have trends of their own, the one with the
// oldest run first.
func (t *TrendBuilder) Trends() []*Trend {
	slices.SortStableFunc(t.runs, func(a, b trendEntry) int { return a.run.Start.Compare(b.run.Start) })
	by := map[string][]trendGroup{}
	for _, e := range t.runs {
		by[e.name] = placed(by[e.name], e)
	}
	var list []*Trend
	for _, name := range slices.Sorted(maps.Keys(by)) {
		for i, g := range by[name] {
			trend := trendOf(name, g)
			trend.Apart = apartFrom(by[name], i)
			list = append(list, trend)
		}
	}
	return list
}

// trendGroup are runs that measured one thing again.
type trendGroup []trendEntry

// placed adds a run to the group whose latest run measured the same.
func placed(groups []trendGroup, e trendEntry) []trendGroup {
	for i, g := range groups {
		if len(parted(g[len(g)-1], e)) == 0 {
			groups[i] = append(g, e)
			return groups
		}
	}
	return append(groups, trendGroup{e})
}

// parted is in what two runs differ that makes their figures those of different things.
// A field that only one of two versions of slotstorm knows is none. Neither are the
// commands of the mix: who adds one to a nightly scenario wants to see its price, and a
// change at that run lists it.
func parted(a, b trendEntry) []facts.Difference {
	var list []facts.Difference
	for _, d := range facts.Differences(a.traits, b.traits) {
		unknown := (d.A == "" || d.B == "") && a.run.Version.Slotstorm != b.run.Version.Slotstorm
		if (facts.Decisive(d) || facts.PlaceTrait(d.What)) && !unknown && !strings.HasPrefix(d.What, "workload.mix") {
			list = append(list, d)
		}
	}
	if pa, pb := a.run.Version.Server.Product, b.run.Version.Server.Product; pa != pb {
		list = append(list, facts.Difference{What: "product", A: pa, B: pb})
	}
	return list
}

// apartFrom is in what a group differs from the others, with its own values.
func apartFrom(groups []trendGroup, own int) []results.Setting {
	values := map[string]string{}
	for i, g := range groups {
		if i == own {
			continue
		}
		for _, d := range parted(groups[own][0], g[0]) {
			values[d.What] = d.A
		}
	}
	var list []results.Setting
	for _, what := range slices.Sorted(maps.Keys(values)) {
		list = append(list, results.Setting{Field: what, Value: values[what]})
	}
	return list
}

func trendOf(name string, entries trendGroup) *Trend {
	t := &Trend{SchemaVersion: TrendSchemaVersion, Scenario: name, Needs: statistics.LeastSeries(), Runs: []TrendRun{}, LeftOut: []string{}, Series: []TrendSeries{},
		Latest: entries[len(entries)-1].run.Start}
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
			if f.AtLeast > 0 {
				t.Series[at].AtLeast = append(t.Series[at].AtLeast, i)
			}
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
	s.Few = len(values) < statistics.LeastSeries()
	s.Changes = []TrendChange{}
	list := statistics.Changes(values, matters)
	for n, c := range list {
		last, first := used[at[c.At-1]], used[at[c.At]]
		change := TrendChange{Change: c, First: first.run.ID, Last: last.run.ID, Differs: append([]facts.Difference{}, facts.Differences(last.traits, first.traits)...)}
		change.At = at[c.At]
		from, to := 0, len(at)
		if n > 0 {
			from = list[n-1].At
		}
		if n+1 < len(list) {
			to = list[n+1].At
		}
		lower := at[from:c.At]
		if c.After < c.Before {
			lower = at[c.At:to]
		}
		switch {
		case slices.ContainsFunc(s.AtLeast, func(run int) bool { return slices.Contains(lower, run) }):
			change.Answer = Open
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

// Current are the trends that the newest run of each scenario is part of. The others have
// ended: nothing that was changed since shows in them.
func Current(list []*Trend) []*Trend {
	newest := map[string]*Trend{}
	for _, t := range list {
		if was := newest[t.Scenario]; was == nil || was.Latest.Before(t.Latest) {
			newest[t.Scenario] = t
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(t *Trend) bool { return newest[t.Scenario] != t })
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

// Blind reports whether no key series has enough values for a change to be found.
func (t *Trend) Blind() bool {
	return !slices.ContainsFunc(t.Series, func(s TrendSeries) bool { return s.Key && !s.Few })
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
