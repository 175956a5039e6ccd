// Package judge holds the facts of a run against what its scenario promises:
// objectives, whether the load generator was the limit, whether the servers' own records
// agree, the verdict with its reasons, warnings, findings, and the decision on an upgrade.
//
//	results.Bundle ─▶ facts.Analysis ─▶ Summary
package judge

import (
	"github.com/slotstorm/slotstorm/internal/witness"
	"github.com/slotstorm/slotstorm/report/facts"
	"github.com/slotstorm/slotstorm/results"
)

// Summary judges a.
func Summary(a *facts.Analysis) *results.Summary {
	s, failovers := a.Measured()
	for i, f := range failovers {
		s.Failovers[i] = noted(a, f)
	}
	s.Generator = generator(a)
	s.Objectives = objectives(a, s)
	s.Checks = witness.Examine(a.Bundle, s)
	s.Verdict, s.Reasons = verdict(a, s)
	s.Findings = advise(a, s)
	s.Warnings = warnings(a, s)
	s.Upgrade = upgrade(a, s)
	return s
}

// Judged is a run with what was derived from it.
type Judged struct {
	Run     *results.Run
	Summary *results.Summary
}

// Analyze derives the summary of a run from its bundle. It is pure: nothing is
// read but b and, for the checks, the nodes' files in its folder, and the same bundle
// gives the same summary. It fails only if the
// bundle's scenario is not readable.
func Analyze(b *results.Bundle) (*results.Summary, error) {
	sc, err := facts.ScenarioOf(b)
	if err != nil {
		return nil, err
	}
	return Summary(facts.New(b, sc)), nil
}
