package metrics

import (
	"fmt"

	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
)

// ofLatency is a statistic of the percentile table.
type ofLatency struct {
	time     results.Time
	quantile string
}

func (l ofLatency) measure(e Evidence, s Scope) Measurement {
	row := e.Summary.LatencyOf(s.Phase, s.Command, l.time)
	if s.Shard != nil {
		row = e.Summary.ShardLatencyOf(*s.Shard, s.Phase, l.time)
	}
	if row == nil {
		return nothing("no request was answered ok (" + s.String() + ")")
	}
	v, _ := row.Quantile(l.quantile)
	return measured(v.Std().Seconds(), fmt.Sprintf("%s answered ok (%s), %s", words.Plural(int(row.Count), "request", "requests"), s, results.HlogFile))
}

func (l ofLatency) figures(e Evidence) []reading {
	var list []reading
	repeats := repeated(e)
	for i, row := range e.Summary.Latency {
		if v, ok := row.Quantile(l.quantile); ok && row.Time == l.time && !repeats(row.Phase, row.Command) {
			list = append(list, reading{row: i, command: row.Command, phase: row.Phase, values: []float64{v.Std().Seconds()}})
		}
	}
	return list
}

func (ofLatency) group() int { return groupLatency }

// ofLoad is a value of the load table.
type ofLoad struct {
	value func(results.PhaseLoad) float64
	// missing says why there is no value; nil if there always is one.
	missing  func(results.PhaseLoad) string
	evidence func(results.PhaseLoad) string
}

func (l ofLoad) measure(e Evidence, s Scope) Measurement {
	row := e.Summary.LoadOf(s.Phase, s.Command)
	if row == nil || row.Counts.Total() == 0 || row.Seconds == 0 {
		return nothing("no request was due (" + s.String() + ")")
	}
	if why := l.lacks(*row); why != "" {
		return nothing(why + " (" + s.String() + ")")
	}
	return measured(l.value(*row), l.evidence(*row)+", "+results.SeriesFile)
}

func (l ofLoad) figures(e Evidence) []reading {
	var list []reading
	repeats := repeated(e)
	for i, row := range e.Summary.Load {
		if row.Seconds > 0 && row.Counts.Total() > 0 && l.lacks(row) == "" && !repeats(row.Phase, row.Command) {
			list = append(list, reading{row: i, command: row.Command, phase: row.Phase, values: []float64{l.value(row)}})
		}
	}
	return list
}

// lacks is why a row has no value; empty if it has one.
func (l ofLoad) lacks(row results.PhaseLoad) string {
	if l.missing == nil {
		return ""
	}
	return l.missing(row)
}

func (ofLoad) group() int { return groupLoad }

// repeated reports which rows repeat another one: those of the only phase, and of the
// only command.
func repeated(e Evidence) func(phase, command string) bool {
	commands := map[string]bool{}
	for _, l := range e.Summary.Load {
		if l.Counts.Total() > 0 {
			commands[l.Command] = true
		}
	}
	return func(phase, command string) bool {
		return len(e.Run.Phases) == 1 && phase != results.All || len(commands) == 2 && command != results.All
	}
}
