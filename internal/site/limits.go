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
	// podsLimit is deployLimit where images are loaded and pods scheduled,
	// kindLimit where a cluster is made first.
	podsLimit = 4 * time.Minute
	kindLimit = 8 * time.Minute
	// patience is how long a generator waits for a run that does not come back.
	patience = 2 * time.Minute
)

// podLife is how long pods of a run may live.
func podLife(s *scenarios.Scenario) time.Duration {
	return s.Workload.Warmup.Std() + s.Timeline.Length().Std() + kindLimit + 2*patience
}

// quickly bounds the time of steps.
func quickly(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %v", limit))
}
