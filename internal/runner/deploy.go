package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/results"
)

// deploying bounds the time of a deployment. Before the timeline there is nothing
// to heal or to collect: a gentle stop is a plain one.
func (r *run) deploying(ctx context.Context) (context.Context, context.CancelFunc) {
	r.show.observer = r.o.Observer
	r.stage("deploy")
	limit := map[string]time.Duration{"kube": podsLimit, "kind": kindLimit}[r.s.Cluster.Provider]
	limit = max(limit, deployLimit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done after %v", limit))
	ctx, stopped := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-r.o.Stop:
			stopped(context.Canceled)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { stopped(nil); cancel() }
}

// deployError tells what was in the way of a deployment; that somebody wanted it to
// end is no error of the place.
func deployError(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), context.Canceled) {
		if errors.Is(err, kube.ErrLeft) {
			return fmt.Errorf("interrupted, and something is left: %v", err)
		}
		return context.Canceled
	}
	if errors.Is(err, ErrNoDeployment) || errors.Is(err, ErrDiffers) {
		return err
	}
	return fmt.Errorf("%w: deploying: %w", ErrEnvironment, err)
}

func (r *run) deploy(ctx context.Context) (*site, error) {
	ctx, cancel := r.deploying(ctx)
	defer cancel()
	c, err := r.deployTo(ctx)
	if err != nil {
		return nil, deployError(ctx, err)
	}
	version, err := c.Version(ctx)
	if err != nil {
		return nil, errors.Join(err, c.Remove(false))
	}
	r.run.Versions = results.Versions{Slotstorm: r.o.Version, Go: runtime.Version(), Redis: version}
	return c, nil
}
