package scenarios

import (
	"fmt"
	"strings"
	"time"
)

// SteadyRequests is how many requests have to be answered ok in the steady state, which are
// the whole seconds of the first phase before the first fault: a verdict rests on them.
const SteadyRequests = 100

// Remarks are doubts about a valid scenario.
func (s *Scenario) Remarks() []string { return append(s.nearCommands(), s.tooSoon()...) }

// tooSoon doubts that the load before the first fault is enough for a verdict.
func (s *Scenario) tooSoon() []string {
	at, end := "timeline.phases[0].duration", s.Timeline.Phases[0].Duration
	for i, f := range s.Timeline.Faults {
		if f.At < end {
			at, end = join(faultPath(i), "at"), f.At
		}
	}
	steady := Duration(end.Std().Truncate(time.Second))
	due, known := s.Workload.Due(s.Workload.Warmup, s.Workload.Warmup+steady)
	if known && due >= SteadyRequests || !known && steady > 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: %.0f requests are due in the whole seconds before the first fault; with fewer than %d the verdict is inconclusive: raise workload.rate, or inject the fault later", at, due, SteadyRequests)}
}

// nearCommands are commands that are nearly others, where the servers may have them.
func (s *Scenario) nearCommands() []string {
	var list []string
	for i, f := range s.Timeline.Faults {
		if f.Command == nil || !s.ground().renames {
			continue
		}
		for _, c := range [][]AnyValue{f.Command.Run, f.Command.Undo} {
			if len(c) == 0 {
				continue
			}
			if name := strings.ToUpper(string(c[0])); misspelt(name) != "" {
				list = append(list, fmt.Sprintf("%s: %s is no command that slotstorm knows; did you mean %s?", faultPath(i), clip(name), misspelt(name)))
			}
		}
	}
	return list
}
