package facts

import (
	"slices"

	"github.com/slotstorm/slotstorm/results"
)

// Names of the steps of a failover, in order. The last two follow the server's
// own and may come in either order.
const (
	StepPFail    = "PFAIL"
	StepFail     = "FAIL"
	StepElection = "election started"
	StepPromoted = "promoted"
	StepProbe    = "first good write (probe)"
	StepClient   = "first good write (client)"
	StepSynced   = "replica in sync"
)

// FailedOver reports whether another node took over and the shard came back.
func FailedOver(f results.Failover) bool { return f.Complete && f.To != f.From }

// FailoverMetric is a time of a failover.
type FailoverMetric struct {
	Name string
	Of   func(results.Failover) (results.Duration, bool)
}

// FailoverMetrics are the whole as server and client saw it, then the steps.
func FailoverMetrics() []FailoverMetric {
	whole := func(of func(results.Failover) results.Duration) func(results.Failover) (results.Duration, bool) {
		return func(f results.Failover) (results.Duration, bool) { return of(f), of(f) > 0 }
	}
	step := func(name string) func(results.Failover) (results.Duration, bool) {
		return func(f results.Failover) (results.Duration, bool) {
			if st := StepOf(f, name); st != nil {
				return st.Took, true
			}
			return 0, false
		}
	}
	return []FailoverMetric{
		{"failover.server", whole(func(f results.Failover) results.Duration { return f.Server })},
		{"failover.client", whole(func(f results.Failover) results.Duration { return f.Client })},
		{"failover.pfail", step(StepPFail)},
		{"failover.fail", step(StepFail)},
		{"failover.election", step(StepElection)},
		{"failover.promotion", step(StepPromoted)},
		{"failover.write", step(StepProbe)},
		{"failover.synced", whole(func(f results.Failover) results.Duration { return f.Synced })},
	}
}

// ServerSteps are the steps that add up to Failover.Server.
func ServerSteps() []string {
	return []string{StepPFail, StepFail, StepElection, StepPromoted, StepProbe}
}

// StepOf is a step of a failover, or nil where it was not seen.
func StepOf(f results.Failover, name string) *results.Step {
	i := slices.IndexFunc(f.Steps, func(s results.Step) bool { return s.Name == name })
	if i < 0 || f.Steps[i].Missing {
		return nil
	}
	return &f.Steps[i]
}
