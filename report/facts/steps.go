package facts

import "github.com/slotstorm/slotstorm/results"

// ServerSteps are the steps that add up to Failover.Server.
func ServerSteps() []string {
	return []string{results.StepPFail, results.StepFail, results.StepElection, results.StepPromoted, results.StepProbe}
}
