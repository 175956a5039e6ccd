package site

import (
	"context"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Limits of time.
const (
	deployLimit = 90 * time.Second
	// podsLimit is deployLimit where images are pulled, and machines added for pods,
	// kindLimit where a cluster is made first.
	podsLimit = 10 * time.Minute
	kindLimit = 8 * time.Minute
	// patience is how long a generator waits for a run that does not come back.
	patience = 2 * time.Minute
	// prefillLife is what a prefill, which nothing bounds, adds to podLife.
	prefillLife = 12 * time.Hour
)

// podLife is how long pods of a run may live that was killed and is not cleaned up.
func podLife(s *scenarios.Scenario) time.Duration {
	life := s.Workload.Warmup.Std() + s.Timeline.Length().Std() + kindLimit + 2*patience
	if s.Workload.Prefill != nil {
		life += prefillLife
	}
	return life
}

// quickly bounds the time of steps.
func quickly(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %v", limit))
}
