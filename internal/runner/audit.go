package runner

import (
	"time"

	"github.com/slotstorm/slotstorm/audit"
	"github.com/slotstorm/slotstorm/results"
)

// linearizeLimit bounds the search for linearizations: it is for information, and
// a run must not wait for it.
const linearizeLimit = 10 * time.Second

// judge derives the audit of a bundle and writes what belongs into it: the
// findings, and the pictures of single keys' histories.
func (r *run) judge(b *results.Bundle) error {
	b.Run.Audit, b.Findings = audit.Judge(b)
	if err := r.bundle.SaveFindings(b.Findings); err != nil {
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
		if err := results.WriteFile(r.bundle.Path(p.Name), p.HTML); err != nil {
			return err
		}
	}
	return nil
}
