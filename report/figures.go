package report

import (
	"slices"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Direction tells which way a figure is better.
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
	if command == All {
		command = ""
	}
	if id.Phase != "" && id.Phase != All {
		in = "in " + id.Phase
	}
	return sentence(" ", id.Metric, command, in)
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

// latencyFigures are the percentiles of a row, by the names of metrics.
func latencyFigures(r results.Latency) map[string]results.Duration {
	return map[string]results.Duration{
		"p50": r.P50, "p90": r.P90, "p95": r.P95, "p99": r.P99,
		"p99.9": r.P999, "p99.99": r.P9999, "max": r.Max, "mean": r.Mean,
	}
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
			add(FigureID{"availability", l.Command, l.Phase}, scenarios.UnitRatio, Higher, share(l.Counts))
		}
	}
	for _, l := range s.Latency {
		if skip(l.Phase, l.Command) {
			continue
		}
		of := latencyFigures(l)
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
	for _, m := range failoverMetrics() {
		var values []float64
		for _, f := range s.Failovers {
			if !failedOver(f) {
				continue
			}
			if d, ok := m.of(f); ok {
				values = append(values, d.Std().Seconds())
			}
		}
		add(FigureID{Metric: m.name}, scenarios.UnitDuration, Lower, values...)
	}
	if len(s.Failovers) > 0 {
		add(FigureID{Metric: "failovers"}, scenarios.UnitCount, Neither, float64(len(serverTimes(s.Failovers))))
	}
	if au := r.Audit; au != nil && au.OK > 0 && !unread(au) {
		add(FigureID{Metric: "writes.lost"}, scenarios.UnitCount, Lower, float64(au.Lost+au.Altered))
	}
	return list
}

// twice tells which rows say the same as another: those of the only phase, and
// of the only command.
func twice(r *results.Run, s *results.Summary) func(phase, command string) bool {
	commands := map[string]bool{}
	for _, l := range s.Load {
		if l.Counts.Total() > 0 {
			commands[l.Command] = true
		}
	}
	return func(phase, command string) bool {
		return len(r.Phases) == 1 && phase != All || len(commands) == 2 && command != All
	}
}

// failoverMetric is a time of a failover.
type failoverMetric struct {
	name string
	of   func(results.Failover) (results.Duration, bool)
}

// failoverMetrics are the whole as server and client saw it, then the steps.
func failoverMetrics() []failoverMetric {
	whole := func(of func(results.Failover) results.Duration) func(results.Failover) (results.Duration, bool) {
		return func(f results.Failover) (results.Duration, bool) { return of(f), of(f) > 0 }
	}
	step := func(name string) func(results.Failover) (results.Duration, bool) {
		return func(f results.Failover) (results.Duration, bool) {
			if st := stepOf(f, name); st != nil {
				return st.Took, true
			}
			return 0, false
		}
	}
	return []failoverMetric{
		{"failover.server", whole(func(f results.Failover) results.Duration { return f.Server })},
		{"failover.client", whole(func(f results.Failover) results.Duration { return f.Client })},
		{"failover.pfail", step(StepPFail)},
		{"failover.fail", step(StepFail)},
		{"failover.election", step(StepElection)},
		{"failover.promotion", step(StepPromoted)},
		{"failover.write", step(StepProbe)},
		{"failover.synced", whole(func(f results.Failover) results.Duration { return f.Synced })},
	}
}

// FigureMetrics are the metrics that Figures may hold.
func FigureMetrics() []string {
	var list []string
	for _, m := range scenarios.Metrics {
		list = append(list, m.Name)
	}
	for _, m := range failoverMetrics() {
		if !slices.Contains(list, m.name) {
			list = append(list, m.name)
		}
	}
	return list
}

// threshold is the smallest difference of a figure that matters in practice.
type threshold struct {
	// Share of A's value; Floor in the figure's unit. The larger one counts.
	Share float64 `json:"share"`
	Floor float64 `json:"floor"`
}

// of is the threshold in the figure's unit beside a value of A.
func (t threshold) of(value float64) float64 { return max(t.Floor, t.Share*max(value, -value)) }

// defaultThreshold suits a metric: what many requests decide repeats better than
// what a few do. Floors keep figures near zero from being compared by shares: 20
// µs of latency, 50 ms of an outage, a thousandth of availability, one write.
func defaultThreshold(metric string) threshold {
	family, rest, _ := strings.Cut(metric, ".")
	switch family {
	case "throughput":
		return threshold{Share: 0.05}
	case "availability":
		return threshold{Floor: 0.001}
	case "response", "service", "slip":
		share := 0.10
		if rest == "p50" || rest == "mean" {
			share = 0.05
		}
		return threshold{Share: share, Floor: (20 * time.Microsecond).Seconds()}
	case "failover", "outage", "recovery":
		return threshold{Share: 0.10, Floor: (50 * time.Millisecond).Seconds()}
	}
	return threshold{Share: 0.10, Floor: 1}
}

// judgedByDefault tells the figures that decide a comparison: few, so that noise
// has few chances, and each a question that people ask. The latency is that of
// the steady phase, before anything breaks; what a fault did shows in the rest.
// Service time leaves out how late the generator was: a busy machine blurs it less.
// In an open loop the schedule decides the throughput, so availability says more.
func judgedByDefault(id FigureID, steady string, closedLoop bool) bool {
	switch id.Metric {
	case "throughput":
		return closedLoop && id.Phase == All && id.Command == All
	case "availability":
		return id.Phase == All && id.Command == All
	case "response.p50", "response.p99", "service.p50":
		return id.Phase == steady && id.Command == All
	}
	return slices.Contains([]string{"failover.server", "failover.client", "writes.lost"}, id.Metric)
}
