package runner

import (
	"errors"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/audit"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
)

// linearizeLimit bounds the search for linearizations: it is additional information,
// and a run must not wait for it.
const linearizeLimit = 10 * time.Second

// seal derives the summary from the bundle alone, renders it and seals it. Until then the run
// is under way, and prune leaves it alone.
func seal(rec *recorder) (_ *Result, err error) {
	rec.Stage("done")
	rec.facts.End = rec.clock.Now()
	rec.facts.ProbeOutages, rec.facts.ProbeOutagesAway = rec.apart(rec.facts.ProbeOutages)
	rec.facts.ClientOutages, rec.facts.ClientOutagesAway = rec.apart(rec.facts.ClientOutages)
	defer func() { err = errors.Join(err, rec.bundle.Close()) }()
	if err := rec.bundle.Finish(); err != nil {
		return nil, err
	}
	if err := rec.bundle.SaveRun(&rec.facts); err != nil {
		return nil, err
	}
	b, err := results.Read(rec.bundle.Dir())
	if err != nil {
		return nil, err
	}
	if err := audited(b, rec.bundle); err != nil {
		return nil, err
	}
	summary, err := judge.Analyze(b)
	if err != nil {
		return nil, fmt.Errorf("analysing the run: %w", err)
	}
	b.Run.Summary = summary
	if err := rec.bundle.SaveRun(&b.Run); err != nil {
		return nil, err
	}
	if err := report.Write(b.Dir, b, summary); err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	if err := results.Seal(b.Dir); err != nil {
		return nil, err
	}
	return &Result{Dir: b.Dir, Bundle: b, Summary: summary}, nil
}

// audited derives the audit of a bundle and writes its findings and the pictures of
// single keys' histories.
func audited(b *results.Bundle, w *results.Writer) error {
	b.Run.Audit, b.Findings = audit.Judge(b)
	if err := w.SaveFindings(b.Findings); err != nil {
		return err
	}
	if b.Run.Audit == nil {
		return nil
	}
	l, pictures, err := audit.Linearize(b, linearizeLimit)
	if err != nil {
		return err
	}
	b.Run.Audit.Linearizability = l
	for _, p := range pictures {
		if err := results.WriteFile(w.Path(p.Name), p.HTML); err != nil {
			return err
		}
	}
	return nil
}
