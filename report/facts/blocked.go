package facts

import (
	"cmp"

	"github.com/slotstorm/slotstorm/results"
)

// Silence is a stretch of time in which a node did not answer polls.
type Silence struct {
	// From is when a poll was not answered in time, and To when one was again; 0 if none
	// was while the run lasted.
	From, To results.Duration
	// Ended says that its process ended meanwhile, at the latest when another node took
	// over: it was not blocked.
	Ended bool
}

// Length is how long it lasted, at least.
func (s Silence) Length(end results.Duration) results.Duration { return cmp.Or(s.To, end) - s.From }

// SilentBefore is the silence of a primary that another node took over from, if it had begun
// by then; false if it answered all the time.
func (a *Analysis) SilentBefore(f results.Failover) (Silence, bool) {
	taken := f.Injected
	if st := f.Step(results.StepPromoted); st != nil && !st.Missing {
		taken += st.At
	}
	var s Silence
	for _, e := range a.Events {
		switch {
		case e.Node != f.From:
		case e.Kind == results.EventUnreachable && s.From == 0 && e.Offset-e.Uncertainty <= taken:
			s = Silence{From: e.Offset, Ended: s.Ended}
		case e.Kind == results.EventNodeExit && e.Offset <= taken && e.Offset >= f.Injected-logSlack:
			s.Ended = true
		case e.Kind == results.EventReachable && s.From > 0 && s.To == 0:
			if e.Offset < f.Injected {
				s = Silence{} // an older one
				continue
			}
			s.To = e.Offset
		}
	}
	return s, s.From > 0 || s.Ended
}

// Watched reports whether the ends of a node's processes are seen as they happen: slotstorm
// started them, or Kubernetes reports on their pods. Polls of a cluster that is somebody else's
// only show an end once the node is back.
func (a *Analysis) Watched(node string) bool {
	return First(a.Events, func(e results.Event) bool {
		switch e.Kind {
		case results.EventNodeStart, results.EventNodeReady, results.EventNodeExit:
			return e.Node == node && e.Source != "poll"
		}
		return false
	}) != nil
}
