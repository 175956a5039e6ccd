package site

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Deploy makes the site that the scenario names, or takes up an existing cluster. It
// gives the scenario as it takes place: a cluster that slotstorm did not deploy is what it
// is. Its time is bounded, and a gentle stop ends it: before the timeline nothing needs to
// be healed or collected.
func Deploy(ctx context.Context, s *scenarios.Scenario, o Options) (Site, *scenarios.Scenario, error) {
	o.Recorder.Stage("deploy")
	ctx, cancel := bounded(ctx, s, o.Stop)
	defer cancel()
	st, own, err := deploy(ctx, s, o)
	if err != nil {
		return nil, nil, explain(ctx, err)
	}
	return st, own, nil
}

func deploy(ctx context.Context, s *scenarios.Scenario, o Options) (st Site, own *scenarios.Scenario, err error) {
	switch p := s.Cluster.Provider; p {
	case "local":
		st, err = onMachine(ctx, s, o)
	case "kind", "kube":
		st, err = inPods(ctx, s, o)
	case scenarios.Attach:
		return onTheirs(ctx, s, o)
	default:
		err = fmt.Errorf("unknown provider %q", p)
	}
	return st, s, err
}

// Enter writes to the journal where the run takes place, before anything is done
// there.
func Enter(s *scenarios.Scenario, o Options) error {
	e := results.JournalEntry{Offset: o.Recorder.Clock().Now(), Step: "place"}
	switch {
	case s.Cluster.Provider == scenarios.Attach && s.Cluster.Attach.Pods():
		e.Why = "an existing cluster in namespace " + s.Cluster.Attach.Namespace
	case s.Cluster.Provider == scenarios.Attach:
		e.Why = "an existing cluster at " + strings.Join(s.Cluster.Attach.Seeds, ", ")
	case s.Cluster.Provider != "local":
		// The cluster is noted once it is known.
		e.Why = s.Cluster.Provider
	case o.Room.Sealed:
		e.Why = "a sealed room on this machine"
	default:
		e.Why = "this machine, without a room"
	}
	if s.Cluster.Provider == "local" {
		e.Local = &results.LocalPlace{Sealed: o.Room.Sealed, KeepVolumes: o.KeepVolumes}
	}
	return o.Recorder.Journal(e)
}

// Up makes the deployment of a scenario and keeps it under a name for later runs.
func Up(ctx context.Context, s *scenarios.Scenario, name string, o Options) (*Kept, error) {
	if s.Cluster.Provider == "local" {
		return nil, fmt.Errorf("%w: on this machine a deployment ends with its process: use --cluster kind or --cluster kube", ErrEnvironment)
	}
	if s.Cluster.Provider == scenarios.Attach {
		return nil, fmt.Errorf("%w: %w", ErrEnvironment, errNoPlace)
	}
	o.keep = name
	o.Recorder.Stage("deploy")
	ctx, cancel := bounded(ctx, s, o.Stop)
	defer cancel()
	k, err := keep(ctx, s, o)
	if err != nil {
		return nil, explain(ctx, err)
	}
	return k, nil
}

func keep(ctx context.Context, s *scenarios.Scenario, o Options) (_ *Kept, err error) {
	faults, err := podFaultsOf(s)
	if err != nil {
		return nil, err
	}
	in, d, err := grounded(ctx, s, o, faults)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, in.remove())
		}
	}()
	server, err := d.Server(ctx)
	if err == nil {
		err = d.Keep(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, d.Remove(false))
	}
	k := &Kept{Name: o.keep, Context: in.Context, Namespace: d.Namespace(), Run: o.Run, Server: server}
	if in.made {
		k.KindCluster = s.Cluster.Kind.Name
	}
	return k, nil
}

// bounded bounds the time of a deployment. An existing cluster is taken up by steps that bound
// their own time: its key space may be of any size.
func bounded(ctx context.Context, s *scenarios.Scenario, stop <-chan struct{}) (context.Context, context.CancelFunc) {
	limit := map[string]time.Duration{"kube": podsLimit, "kind": kindLimit}[s.Cluster.Provider]
	limit = max(limit, deployLimit)
	cancel := func() {}
	if s.Cluster.Provider != scenarios.Attach {
		ctx, cancel = quickly(ctx, limit)
	}
	ctx, stopped := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-stop:
			stopped(context.Canceled)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { stopped(nil); cancel() }
}

// left is an error of the removal that followed an interrupt: it is no interrupt itself.
type left struct{ error }

func (left) Is(target error) bool { return target == ErrLeft }

// explain adds the kind of its cause to the error of a deployment. A requested stop is no error of
// the environment.
func explain(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), context.Canceled) {
		if errors.Is(err, ErrLeft) {
			return fmt.Errorf("interrupted, and something is left: %w", left{err})
		}
		return context.Canceled
	}
	if errors.Is(err, ErrNoDeployment) || errors.Is(err, ErrDiffers) || errors.Is(err, deployer.ErrDirective) {
		return err
	}
	if errors.Is(err, ErrUnfit) {
		return fmt.Errorf("%w: %w", ErrEnvironment, err)
	}
	return fmt.Errorf("%w: deploying: %w", ErrEnvironment, err)
}
