// Package metrics is the table of everything that a run measures. One row states the name
// of a metric, its unit, which direction is better, how it is read from a run, which
// difference matters, and how it is exported. Objectives, comparisons, trends,
// OpenMetrics and the reference documentation are made from these rows.
package metrics

import (
	"fmt"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// Metric is one row of the table.
type Metric struct {
	Name string
	Unit results.Unit
	// Better is the direction in which a value is better.
	Better Direction
	// Doc describes the metric to somebody who writes an objective.
	Doc string
	// ByCommand, ByPhase and ByShard permit an objective to name one.
	ByCommand, ByPhase, ByShard bool
	// Tolerates permits an objective to say how far from the steady state counts as
	// recovered.
	Tolerates bool
	// Needs is what a scenario must have so that there is something to measure.
	Needs Need
	// Matters is the smallest difference between two runs that matters in practice,
	// unless the user states another one.
	Matters Threshold
	// Decides says whether the metric decides a comparison unless the user names others.
	Decides Deciding
	// Explains shows the metric beside those that decide, changed or not.
	Explains bool
	// Export is where the metric stands in an OpenMetrics exposition.
	Export Export

	source source
}

// Measure answers an objective about the metric. A shard that the run did not have has no
// value: no outage of it, or loss from it, would say that an objective was met.
func (m Metric) Measure(e Evidence, s Scope) Measurement {
	if s.Shard != nil && !slices.ContainsFunc(e.Run.Shards, func(sh results.Shard) bool { return sh.Index == *s.Shard }) {
		return nothing(fmt.Sprintf("there is no shard %d", *s.Shard))
	}
	return m.source.measure(e, s)
}

// MayName is what an objective may name: a phase, a command or a shard.
func (m Metric) MayName() []string {
	var list []string
	for _, n := range []struct {
		name string
		may  bool
	}{{"phase", m.ByPhase}, {"command", m.ByCommand}, {"shard", m.ByShard}} {
		if n.may {
			list = append(list, n.name)
		}
	}
	return list
}

// Quantile is the time and the quantile that the metric is. ok is false if it is no
// quantile, and then histograms do not give it.
func (m Metric) Quantile() (t results.Time, quantile string, ok bool) {
	l, ok := m.source.(ofLatency)
	return l.time, l.quantile, ok
}

// Direction is which way a value is better.
type Direction string

// The directions.
const (
	Lower   Direction = "lower"
	Higher  Direction = "higher"
	Neither Direction = "neither"
)

// Need is what a scenario must have so that a metric can be measured.
type Need int

// The needs.
const (
	NeedsNothing Need = iota
	NeedsAudit
	NeedsFault
	NeedsReads
	// NeedsFailover is a fault after which a replica can take over.
	NeedsFailover
	// NeedsFailoverToExceedZero is the same for an objective that asks for at least one.
	NeedsFailoverToExceedZero
)

// Deciding is when a metric decides a comparison by default. Few do, so that noise has
// few chances, and each answers a question that people ask.
type Deciding int

// When a metric decides.
const (
	DecidesNothing Deciding = iota
	Decides
	// DecidesWhole is for all commands over the whole timeline.
	DecidesWhole
	// DecidesWholeClosed is the same in a closed loop: in an open one the schedule
	// decides the throughput.
	DecidesWholeClosed
	// DecidesSteady is for all commands in the phase before anything breaks: the effect
	// of a fault shows in other metrics.
	DecidesSteady
)

// In reports whether a figure decides, given the name of the phase before anything breaks
// and whether the loop is closed.
func (d Deciding) In(command, phase, steady string, closed bool) bool {
	switch d {
	case Decides:
		return true
	case DecidesWhole:
		return phase == results.All && command == results.All
	case DecidesWholeClosed:
		return closed && phase == results.All && command == results.All
	case DecidesSteady:
		return phase == steady && command == results.All
	}
	return false
}

// Threshold is the smallest difference of a figure that matters in practice.
type Threshold struct {
	// Share is of A's value, Floor in the metric's unit. The larger one counts: Floor
	// keeps values near zero from being compared by shares.
	Share float64 `json:"share"`
	Floor float64 `json:"floor"`
}

// Of is the threshold in the metric's unit beside a value of A.
func (t Threshold) Of(value float64) float64 { return max(t.Floor, t.Share*max(value, -value)) }

// beyond is a threshold of a share, and of a floor in time.
func beyond(share float64, floor time.Duration) Threshold {
	return Threshold{Share: share, Floor: floor.Seconds()}
}

// Export is where a metric stands in an OpenMetrics exposition.
type Export struct {
	Family Family
	// Label and Value distinguish the metric from others of its family; empty if it is
	// the only one.
	Label, Value string
	// Numbered gives each value a number from 1: there is one for each failover.
	Numbered bool
}

// Family is a metric family of OpenMetrics.
type Family struct {
	Name, Unit, Help string
}
