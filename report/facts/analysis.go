// Package facts derives what happened in a run from its bundle alone: load and
// latency, outages and availability, failovers step by step, recovery, lost writes,
// lateness, and the cost of an upgrade. Nothing here knows objectives or a verdict.
//
// Histograms are merged; percentiles are never averaged.
package facts

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Analysis is a bundle with what its steps share.
type Analysis struct {
	*results.Bundle
	*History
	Spec *scenarios.Scenario
	// Phases in order; whole is all of them.
	Phases []Window
	Whole  Window
	// commands that were sent, sorted.
	commands []string
}

// Window is a stretch of whole seconds since Run.LoadStart, [from, to).
type Window struct {
	Name     string
	From, To int
	// Length differs from to-from when the run was interrupted within a second.
	Length time.Duration
}

// Has reports whether a second since Run.LoadStart lies in w.
func (w Window) Has(second int) bool { return w.From <= second && second < w.To }

// New prepares the analysis of a bundle with its scenario.
func New(b *results.Bundle, sc *scenarios.Scenario) *Analysis {
	a := &Analysis{Bundle: b, Spec: sc, History: newHistory(b)}
	for _, p := range b.Run.Phases {
		if p.To <= p.From {
			continue // the run was interrupted before it
		}
		a.Phases = append(a.Phases, Window{
			Name:   p.Name,
			From:   Seconds(p.From-b.Run.LoadStart, math.Floor),
			To:     Seconds(p.To-b.Run.LoadStart, math.Ceil),
			Length: (p.To - p.From).Std(),
		})
	}
	a.Whole = Window{Name: results.All}
	if n := len(a.Phases); n > 0 {
		a.Whole.From, a.Whole.To = a.Phases[0].From, a.Phases[n-1].To
		for _, p := range a.Phases {
			a.Whole.Length += p.Length
		}
	}
	for _, f := range b.Frames {
		for name := range f.Commands {
			if !slices.Contains(a.commands, name) {
				a.commands = append(a.commands, name)
			}
		}
	}
	slices.Sort(a.commands)
	return a
}

// Between are the events in [from, to).
func (a *Analysis) Between(from, to results.Duration) []results.Event {
	var list []results.Event
	for _, e := range a.Events {
		if e.Offset >= from && e.Offset < to {
			list = append(list, e)
		}
	}
	return list
}

// InShard reports whether the node of an event belonged to a shard then.
func (a *Analysis) InShard(e results.Event, shard int) bool {
	return a.ShardAt(e.Node, e.Offset) == shard
}

// Seconds is a load offset in whole seconds. Phases lie on whole seconds, so a
// millisecond beside one is rounding; the end of an interrupted one is not.
func Seconds(m results.Duration, round func(float64) float64) int {
	s := m.Std().Seconds()
	if near := math.Round(s); math.Abs(s-near) < 2e-3 {
		return int(near)
	}
	return int(round(s))
}

// windows are the phases, then the whole.
func (a *Analysis) windows() []Window {
	if len(a.Phases) == 0 {
		return nil
	}
	return append(slices.Clone(a.Phases), a.Whole)
}

// timeline is the stretch that is judged, as offsets from Run.Start.
func (a *Analysis) timeline() (from, to results.Duration) {
	if len(a.Run.Phases) == 0 {
		return a.Run.TimelineStart, a.Run.TimelineStart
	}
	for _, p := range a.Run.Phases {
		to = max(to, p.To)
	}
	return a.Run.Phases[0].From, to
}

// RunName is the name of the run's folder, or its id.
func RunName(b *results.Bundle) string {
	if b.Dir != "" {
		return filepath.Base(b.Dir)
	}
	return b.Run.ID
}

// ScenarioOf is the scenario of a bundle. Its errors are about the bundle, not
// about a scenario that the user wrote, and so are none of scenarios.Errors.
func ScenarioOf(b *results.Bundle) (*scenarios.Scenario, error) {
	sc, err := scenarios.Recorded(results.ScenarioFile, b.Scenario)
	if err != nil {
		return nil, fmt.Errorf("reading the bundle's scenario: %v", err)
	}
	return sc, nil
}

// InSeconds is n seconds.
func InSeconds(n int) scenarios.Duration { return scenarios.Duration(time.Duration(n) * time.Second) }
