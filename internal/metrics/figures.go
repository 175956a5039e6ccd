package metrics

import (
	"cmp"
	"slices"
)

// Figure is what one run measured of a metric, for one phase and command.
type Figure struct {
	Metric Metric
	// Command and Phase are All where the metric is not narrowed, and empty where it
	// cannot be.
	Command, Phase string
	// Values has one value, or one for each failover.
	Values []float64
	// AtLeast is how many of Values, the last ones, may be higher, because their end was
	// not seen.
	AtLeast int
}

// Figures lists everything that a run measured, in the order of tables: load and latency
// by phase and command, then the rest in the order of the metrics.
func Figures(e Evidence) []Figure {
	type placed struct {
		Figure
		group, row, metric int
	}
	var all []placed
	for i, m := range All() {
		for _, r := range m.source.figures(e) {
			if len(r.values) > 0 {
				all = append(all, placed{Figure{m, r.command, r.phase, r.values, r.atLeast}, m.source.group(), r.row, i})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.row, b.row), cmp.Compare(a.metric, b.metric))
	})
	list := make([]Figure, 0, len(all))
	for _, p := range all {
		list = append(list, p.Figure)
	}
	return list
}
