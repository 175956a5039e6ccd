package compare

import (
	"slices"

	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Direction is which way a figure is better.
type Direction string

// The directions.
const (
	Lower   Direction = "lower"
	Higher  Direction = "higher"
	Neither Direction = "neither"
)

// FigureID names something that runs measure and that can be laid side by side:
// a metric of objectives, narrowed to a phase and a command.
type FigureID struct {
	Metric string `json:"metric"`
	// Command and Phase are "all" where the metric is not narrowed, and empty
	// where it cannot be.
	Command string `json:"command,omitempty"`
	Phase   string `json:"phase,omitempty"`
}

// String is the figure in words: "response.p99 GET in steady".
func (id FigureID) String() string {
	command, in := id.Command, ""
	if command == facts.All {
		command = ""
	}
	if id.Phase != "" && id.Phase != facts.All {
		in = "in " + id.Phase
	}
	return words.Sentence(" ", id.Metric, command, in)
}

// Figure is what one run measured of a metric.
type Figure struct {
	FigureID
	Unit   scenarios.Unit `json:"unit"`
	Better Direction      `json:"better"`
	// Values has one value, in the metric's unit (seconds, per second, ratio or
	// count), or one for each failover.
	Values []float64 `json:"values"`
}

// Figures are all that a run measured, in the order of tables: load and latency
// by phase and command, then availability, failovers and their steps, losses.
func Figures(r *results.Run, s *results.Summary) []Figure {
	var list []Figure
	add := func(id FigureID, unit scenarios.Unit, better Direction, values ...float64) {
		if len(values) > 0 {
			list = append(list, Figure{id, unit, better, values})
		}
	}
	skip := twice(r, s)
	for _, l := range s.Load {
		if l.Seconds > 0 && l.Counts.Total() > 0 && !skip(l.Phase, l.Command) {
			add(FigureID{"throughput", l.Command, l.Phase}, scenarios.UnitRate, Higher, l.Throughput)
			add(FigureID{"availability", l.Command, l.Phase}, scenarios.UnitRatio, Higher, facts.Share(l.Counts))
		}
	}
	for _, l := range s.Latency {
		if skip(l.Phase, l.Command) {
			continue
		}
		of := facts.LatencyFigures(l)
		for _, q := range scenarios.Quantiles() {
			add(FigureID{string(l.Time) + "." + q, l.Command, l.Phase}, scenarios.UnitDuration, Lower, of[q].Std().Seconds())
		}
	}
	if v := s.Availability; v.Observed > 0 {
		add(FigureID{Metric: "outage.any"}, scenarios.UnitDuration, Lower, v.Any.Std().Seconds())
		add(FigureID{Metric: "outage.all"}, scenarios.UnitDuration, Lower, v.All.Std().Seconds())
		var worst results.Duration
		for _, sh := range v.Shards {
			worst = max(worst, sh.Down)
		}
		add(FigureID{Metric: "outage.shard"}, scenarios.UnitDuration, Lower, worst.Std().Seconds())
	}
	for _, m := range facts.FailoverMetrics() {
		var values []float64
		for _, f := range s.Failovers {
			if !facts.FailedOver(f) {
				continue
			}
			if d, ok := m.Of(f); ok {
				values = append(values, d.Std().Seconds())
			}
		}
		add(FigureID{Metric: m.Name}, scenarios.UnitDuration, Lower, values...)
	}
	if len(s.Failovers) > 0 {
		add(FigureID{Metric: "failovers"}, scenarios.UnitCount, Neither, float64(len(facts.ServerTimes(s.Failovers))))
	}
	if au := r.Audit; au != nil && au.OK > 0 && !facts.Unread(au) {
		add(FigureID{Metric: "writes.lost"}, scenarios.UnitCount, Lower, float64(au.Lost+au.Altered))
	}
	return list
}

// twice reports which rows repeat another: those of the only phase, and
// of the only command.
func twice(r *results.Run, s *results.Summary) func(phase, command string) bool {
	commands := map[string]bool{}
	for _, l := range s.Load {
		if l.Counts.Total() > 0 {
			commands[l.Command] = true
		}
	}
	return func(phase, command string) bool {
		return len(r.Phases) == 1 && phase != facts.All || len(commands) == 2 && command != facts.All
	}
}

// FigureMetrics are the metrics that Figures may hold.
func FigureMetrics() []string {
	var list []string
	for _, m := range scenarios.Metrics {
		list = append(list, m.Name)
	}
	for _, m := range facts.FailoverMetrics() {
		if !slices.Contains(list, m.Name) {
			list = append(list, m.Name)
		}
	}
	return list
}
