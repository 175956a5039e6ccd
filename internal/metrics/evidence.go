package metrics

import (
	"fmt"

	"github.com/slotstorm/slotstorm/results"
)

// Evidence is what a metric is read from.
type Evidence struct {
	Run     *results.Run
	Summary *results.Summary
	// Findings are those of the audit. Only a count by shard needs them.
	Findings []results.Finding
	// Recoveries measures recovery with a tolerance other than the usual one, which
	// Summary has. The reason says why there is none.
	Recoveries func(of string, within float64) (list []results.Recovery, reason string)
}

// Scope narrows a metric. The zero value is the whole run.
type Scope struct {
	// Command and Phase are empty for all.
	Command, Phase string
	// Shard is nil for all.
	Shard *int
	// Within is the tolerance of a recovery, above 0 to 1; 0 is the usual one.
	Within float64
}

// String describes the requests that the scope is about.
func (s Scope) String() string {
	command, phase := s.Command, "all phases"
	if command == "" {
		command = "all commands"
	}
	if s.Phase != "" {
		phase = "phase " + s.Phase
	}
	if s.Shard != nil {
		command = fmt.Sprintf("shard %d", *s.Shard)
	}
	return command + ", " + phase
}

// Measurement is the value of a metric.
type Measurement struct {
	// Value is in the metric's unit; nil if there was nothing to measure.
	Value *float64
	// AtLeast marks a value whose end was not seen: it may be higher.
	AtLeast bool
	// Evidence says what the value rests on, or why there is none.
	Evidence string
}

func nothing(why string) Measurement { return Measurement{Evidence: why} }

func measured(v float64, evidence string) Measurement {
	return Measurement{Value: &v, Evidence: evidence}
}
