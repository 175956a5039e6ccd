package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Bounds of lateness: what acts later than planned by more than lateNotice is
// mentioned, and by more than lateShare of its phase makes the run inconclusive.
// What is planned to end within the timeline and ends more than lateNotice after
// it does so too.
const (
	lateNotice = results.Duration(time.Second)
	lateShare  = 0.1
)

// act is what the timeline planned, and when it took place: a fault, or one way of
// an upgrade.
type act struct {
	name           string
	planned, acted results.Duration
	// until is when it was planned to be over, and over when it was; zero where
	// the plan does not say, or it was not.
	until, over results.Duration
}

func (t act) late() results.Duration { return max(t.acted-t.planned, 0) }

// acts are all that acted.
func (a *analysis) acts() []act {
	var list []act
	for _, f := range a.Run.Faults {
		if f.Injected > 0 {
			t := act{name: "fault " + f.Name, planned: f.Planned, acted: f.Injected}
			t.until, t.over = a.planned(f)
			list = append(list, t)
		}
	}
	for _, r := range rolls(a.Run.Upgrade) {
		if len(r.Steps) > 0 {
			list = append(list, act{name: "the " + r.name, planned: r.Planned, acted: r.Steps[0].Began})
		}
	}
	return list
}

// planned gives when a fault was planned to be over, and when it was. A fault
// without a duration should be over as long after its time as it was after its
// injection.
func (a *analysis) planned(f results.Fault) (until, over results.Duration) {
	lasts := results.DurationOf(a.lasts(f.Name))
	if f.Until > 0 {
		lasts = f.Until - f.Planned
	}
	switch {
	case lasts > 0 && f.Released > 0:
		return f.Planned + lasts, f.Released
	case lasts > 0:
		return f.Planned + lasts, f.Injected + lasts
	case f.Restored > 0 && f.Injected > f.Planned:
		return f.Restored - (f.Injected - f.Planned), f.Restored
	}
	return 0, 0
}

// lasts is the duration of a fault by its name in a run.
func (a *analysis) lasts(name string) time.Duration {
	for _, f := range a.sc.Timeline.Faults {
		number, numbered := strings.CutPrefix(name, f.Name+"-")
		if _, err := strconv.Atoi(number); f.Name == name || numbered && f.Repeat != nil && err == nil {
			return f.Duration.Std()
		}
	}
	return 0
}

// phaseAt is the phase that a time falls in; false if it is in none.
func (a *analysis) phaseAt(at results.Duration) (results.PhaseWindow, bool) {
	for _, p := range a.Run.Phases {
		if p.From <= at && at < p.To {
			return p, true
		}
	}
	return results.PhaseWindow{}, false
}

// tooLate reports whether something acted later than planned by more than a tenth of
// its phase.
func (a *analysis) tooLate(t act) (results.PhaseWindow, bool) {
	p, ok := a.phaseAt(t.planned)
	return p, ok && float64(t.late()) > lateShare*float64(p.To-p.From)
}

// beyond reports whether something was planned to be over within the timeline, and
// was not.
func (a *analysis) beyond(t act) (end results.Duration, yes bool) {
	if len(a.Run.Phases) == 0 || t.until == 0 {
		return 0, false
	}
	end = a.Run.Phases[len(a.Run.Phases)-1].To
	return end, t.until <= end && t.over > end+lateNotice
}

// untimely are the acts that were not what the timeline planned: much too late, or
// not over in time.
func (a *analysis) untimely() []string {
	var reasons []string
	for _, t := range a.acts() {
		if p, ok := a.tooLate(t); ok {
			reasons = append(reasons, fmt.Sprintf("%s acted %s later than planned, at %s and not at %s: that is more than a tenth of phase %s, which lasts %s",
				t.name, duration(t.late()), since(&a.Run, t.acted), since(&a.Run, t.planned), p.Name, scenarios.Duration((p.To-p.From).Std())))
		}
		if end, ok := a.beyond(t); ok {
			reasons = append(reasons, fmt.Sprintf("%s was not over when the timeline ended at %s: it ended at %s, planned was %s",
				t.name, since(&a.Run, end), since(&a.Run, t.over), since(&a.Run, t.until)))
		}
	}
	return reasons
}

// somewhatLate are the acts that were late, and not much too late.
func (a *analysis) somewhatLate() []string {
	var list []string
	for _, t := range a.acts() {
		if _, tooLate := a.tooLate(t); !tooLate && t.late() > lateNotice {
			list = append(list, fmt.Sprintf("%s acted %s later than planned, at %s and not at %s",
				t.name, duration(t.late()), since(&a.Run, t.acted), since(&a.Run, t.planned)))
		}
	}
	return list
}
