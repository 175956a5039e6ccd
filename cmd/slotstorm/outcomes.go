package main

import (
	"path/filepath"
	"slices"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// outcome is a run as --json prints it.
type outcome struct {
	runRow
	Summary *results.Summary `json:"summary"`
}

func outcomeOf(dir string, b *results.Bundle, s *results.Summary) outcome {
	return outcome{rowOf(results.Entry{Dir: dir, ID: filepath.Base(dir), Run: &b.Run}, s), s}
}

// kindOf is what so many runs together are.
func kindOf(runs int, matrix bool) report.Kind {
	switch {
	case runs == 1:
		return report.Run
	case matrix:
		return report.Matrix
	}
	return report.Runs
}

// finished collects runs that have ended.
type finished struct {
	outcomes []outcome
	judged   []judge.Judged
	last     *results.Bundle
}

func (f *finished) add(dir string, b *results.Bundle, s *results.Summary) {
	f.outcomes = append(f.outcomes, outcomeOf(dir, b, s))
	f.judged = append(f.judged, judge.Judged{Run: &b.Run, Summary: s})
	f.last = b
}

// result is what formats write of the runs. The kind is of the runs that were planned: a
// reader of many expects many, however few could be made.
func (f *finished) result(kind report.Kind) report.Result {
	switch kind {
	case report.Run:
		return report.OfRun(f.last, f.judged[0].Summary, f.outcomes[0])
	case report.Matrix:
		return report.OfMatrix(f.judged, f.outcomes)
	}
	return report.OfRuns(f.judged, f.outcomes)
}

// codeOf is the exit code of a run that ended with s.
func codeOf(r *runner.Result) exitCode {
	if r.Bundle != nil && slices.ContainsFunc(r.Bundle.Run.Faults, mayBeActive) {
		return exitUnhealed
	}
	if r.Bundle != nil && r.Bundle.Run.Interrupted != "" {
		return exitInterrupted
	}
	switch r.Summary.Verdict {
	case results.Pass:
		return exitOK
	case results.Fail:
		return exitFailed
	}
	return exitInconclusive
}

// mayBeActive reports whether a fault acted and was not seen to be over.
func mayBeActive(f results.Fault) bool {
	return f.Status == results.StatusUnhealed && f.Restored == 0
}
