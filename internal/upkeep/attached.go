package upkeep

import (
	"context"
	"fmt"

	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// attached looks after a cluster that slotstorm did not deploy: it undoes the commands that
// were in force, waits until the cluster is whole, and removes the keys of the run.
func (r *Recovery) attached(ctx context.Context, s *scenarios.Scenario, run string, j *results.Journal, named string) error {
	at := site.Reached{Context: named, Named: named != ""}
	for _, e := range j.Entries {
		if e.Kubernetes != nil && named == "" {
			at.Context = e.Kubernetes.Context
		}
	}
	undo := undoing(s, j)
	removed, err := site.Clear(ctx, s, run, at, undo)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnhealed, err)
	}
	if removed != "" {
		r.Removed = append(r.Removed, removed)
	}
	r.Seen = "the run's process has ended, the cluster is whole, and it holds no key of the run"
	if len(undo) > 0 {
		r.Seen = "the nodes carried the undo of each command out; " + r.Seen
	}
	return nil
}
