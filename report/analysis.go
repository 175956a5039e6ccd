package report

import (
	"math"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// All names the phase that is the whole timeline without warm-up, and the
// command that is every command.
const All = "all"

// analysis is a bundle with what its steps share.
type analysis struct {
	*results.Bundle
	sc *scenarios.Scenario
	// phases in order; whole is all of them.
	phases []window
	whole  window
	// commands that were sent, sorted.
	commands []string
	shardOf  map[string]int
}

// window is a stretch of whole seconds since Run.LoadStart, [from, to).
type window struct {
	name     string
	from, to int
	// length differs from to-from when the run was interrupted within a second.
	length time.Duration
}

func (w window) has(second int) bool { return w.from <= second && second < w.to }

// measured is a summary without what judges it.
func (a *analysis) measured() *results.Summary {
	s := &results.Summary{
		Latency:      a.latency(),
		Shards:       a.byShard(),
		Load:         a.load(),
		Failovers:    a.failovers(),
		Availability: a.availability(),
	}
	s.FailoverStats = distribution(serverTimes(s.Failovers))
	s.Losses = a.losses(s.Failovers)
	return s
}

func (a *analysis) summary() *results.Summary {
	s := a.measured()
	s.Generator = a.generator()
	s.Objectives = a.objectives(s)
	s.Verdict, s.Reasons = a.verdict(s)
	s.Findings = a.advise(s)
	s.Warnings = a.warnings(s)
	s.Upgrade = a.upgrade(s)
	return s
}

func newAnalysis(b *results.Bundle, sc *scenarios.Scenario) *analysis {
	a := &analysis{Bundle: b, sc: sc, shardOf: map[string]int{}}
	for _, n := range b.Run.Nodes {
		a.shardOf[n.Name] = n.Shard
	}
	for _, p := range b.Run.Phases {
		if p.To <= p.From {
			continue // the run was interrupted before it
		}
		a.phases = append(a.phases, window{
			name:   p.Name,
			from:   seconds(p.From-b.Run.LoadStart, math.Floor),
			to:     seconds(p.To-b.Run.LoadStart, math.Ceil),
			length: (p.To - p.From).Std(),
		})
	}
	a.whole = window{name: All}
	if n := len(a.phases); n > 0 {
		a.whole.from, a.whole.to = a.phases[0].from, a.phases[n-1].to
		for _, p := range a.phases {
			a.whole.length += p.length
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

// seconds is a load offset in whole seconds. Phases lie on whole seconds, so a
// millisecond beside one is rounding; the end of an interrupted one is not.
func seconds(m results.Duration, round func(float64) float64) int {
	s := m.Std().Seconds()
	if near := math.Round(s); math.Abs(s-near) < 2e-3 {
		return int(near)
	}
	return int(round(s))
}

// windows are the phases, then the whole.
func (a *analysis) windows() []window {
	if len(a.phases) == 0 {
		return nil
	}
	return append(slices.Clone(a.phases), a.whole)
}

// timeline is the stretch that is judged, as offsets from Run.Start.
func (a *analysis) timeline() (from, to results.Duration) {
	if len(a.Run.Phases) == 0 {
		return a.Run.TimelineStart, a.Run.TimelineStart
	}
	for _, p := range a.Run.Phases {
		to = max(to, p.To)
	}
	return a.Run.Phases[0].From, to
}
