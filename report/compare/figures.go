package compare

import (
	"github.com/slotstorm/slotstorm/internal/metrics"
	"github.com/slotstorm/slotstorm/report/words"
	"github.com/slotstorm/slotstorm/results"
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
	if command == results.All {
		command = ""
	}
	if id.Phase != "" && id.Phase != results.All {
		in = "in " + id.Phase
	}
	return words.Sentence(" ", id.Metric, command, in)
}

// Figure is what one run measured of a metric.
type Figure struct {
	FigureID
	Unit   results.Unit      `json:"unit"`
	Better metrics.Direction `json:"better"`
	// Values has one value, in the metric's unit (seconds, per second, ratio or
	// count), or one for each failover.
	Values []float64 `json:"values"`
	// AtLeast is how many of Values may be higher, because their end was not seen.
	AtLeast int `json:"atLeast,omitempty"`
}

// figuresOf lists everything that a run measured, in the order of tables.
func figuresOf(r *results.Run, s *results.Summary) []Figure {
	var list []Figure
	for _, f := range metrics.Figures(metrics.Evidence{Run: r, Summary: s}) {
		list = append(list, Figure{FigureID{f.Metric.Name, f.Command, f.Phase}, f.Metric.Unit, f.Metric.Better, f.Values, f.AtLeast})
	}
	return list
}

// decides reports whether a figure decides a comparison by default.
func (id FigureID) decides(steady string, closedLoop bool) bool {
	m, _ := metrics.Named(id.Metric)
	return m.Decides.In(id.Command, id.Phase, steady, closedLoop)
}

// threshold is the smallest difference that matters by default.
func (id FigureID) threshold() metrics.Threshold {
	m, _ := metrics.Named(id.Metric)
	return m.Matters
}
