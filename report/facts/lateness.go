package facts

import (
	"strconv"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Bounds of lateness: a fault that acts later than planned by more than LateNotice is
// mentioned, and by more than lateShare of its phase is much too late. So is one that
// was planned to end within the timeline and ended more than LateNotice after it.
const (
	LateNotice = results.Duration(time.Second)
	lateShare  = 0.1
)

// Act is what the timeline planned, and when it took place: a fault, or one way of
// an upgrade.
type Act struct {
	Name           string
	Planned, Acted results.Duration
	// Until is when it was planned to be over, and over when it was; zero where
	// the plan does not say, or it was not.
	Until, Over results.Duration
	// Waited is what the check of a fault waited for, if that took long.
	Waited string
}

// Late is how much later than planned it acted.
func (t Act) Late() results.Duration { return max(t.Acted-t.Planned, 0) }

// Acts are all that acted.
func (a *Analysis) Acts() []Act {
	var list []Act
	for _, f := range a.Run.Faults {
		if f.Injected > 0 {
			t := Act{Name: "fault " + f.Name, Planned: f.Planned, Acted: f.Injected, Waited: f.Waited}
			t.Until, t.Over = a.planned(f)
			list = append(list, t)
		}
	}
	for _, r := range Rolls(a.Run.Upgrade) {
		if len(r.Steps) > 0 {
			list = append(list, Act{Name: "the " + r.Name, Planned: r.Planned, Acted: r.Steps[0].Began})
		}
	}
	return list
}

// planned gives when a fault was planned to be over, and when it was. A fault
// without a duration should be over as long after its time as it was after its
// injection.
func (a *Analysis) planned(f results.Fault) (until, over results.Duration) {
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

// Stated is a fault as its scenario states it, by its name in a run; the zero Fault if there
// is none.
func (a *Analysis) Stated(name string) scenarios.Fault {
	for _, f := range a.Spec.Timeline.Faults {
		number, numbered := strings.CutPrefix(name, f.Name+"-")
		if _, err := strconv.Atoi(number); f.Name == name || numbered && f.Repeat != nil && err == nil {
			return f
		}
	}
	return scenarios.Fault{}
}

// lasts is the duration of a fault by its name in a run.
func (a *Analysis) lasts(name string) time.Duration { return a.Stated(name).Duration.Std() }

// phaseAt is the phase that a time falls in; false if it is in none.
func (a *Analysis) phaseAt(at results.Duration) (results.PhaseWindow, bool) {
	for _, p := range a.Run.Phases {
		if p.From <= at && at < p.To {
			return p, true
		}
	}
	return results.PhaseWindow{}, false
}

// TooLate reports whether something acted later than planned by more than a tenth of
// its phase, or late and in none or another one than planned: then the figures of both
// phases are not those of what the scenario describes.
func (a *Analysis) TooLate(t Act) (planned results.PhaseWindow, yes bool) {
	planned, ok := a.phaseAt(t.Planned)
	if !ok {
		return planned, false
	}
	return planned, float64(t.Late()) > lateShare*float64(planned.To-planned.From) || t.Late() > LateNotice && t.Acted >= planned.To
}

// Beyond reports whether something was planned to be over within the timeline, and
// was not.
func (a *Analysis) Beyond(t Act) (end results.Duration, yes bool) {
	if len(a.Run.Phases) == 0 || t.Until == 0 {
		return 0, false
	}
	end = a.Run.Phases[len(a.Run.Phases)-1].To
	return end, t.Until <= end && t.Over > end+LateNotice
}
