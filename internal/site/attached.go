package site

import (
	"context"
	"errors"
	"fmt"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/attached"
	"github.com/slotstorm/slotstorm/scenarios"
)

// onTheirs takes up the cluster of the scenario, and gives the scenario as it fits that.
func onTheirs(ctx context.Context, s *scenarios.Scenario, o Options) (Site, *scenarios.Scenario, error) {
	if s.Cluster.Attach.Pods() {
		return onTheirPods(ctx, s, o)
	}
	return taken(ctx, s, o, attachedOptions(s, o.Run, o.Recorder.Note))
}

// Clear undoes what commands of a killed run of s have changed in a cluster that slotstorm
// did not deploy, removes what the run has left there, and says what that was.
func Clear(ctx context.Context, s *scenarios.Scenario, run string, at Reached, undo []deployer.Undo) (string, error) {
	clear := func(o attached.Options) (int, error) { return attached.Clear(ctx, o, undo) }
	if s.Cluster.Attach.Pods() {
		clear = func(o attached.Options) (int, error) { return clearPods(ctx, s, at, o, undo) }
	}
	removed, err := clear(attachedOptions(s, run, nil))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrEnvironment, err)
	}
	if removed == 0 {
		return "", nil
	}
	return fmt.Sprintf("%d keys that begin with %s", removed, scenarios.OwnPrefix), nil
}

// errNoPlace says that a run attaches to such a cluster, and nothing is deployed.
var errNoPlace = errors.New("an existing cluster is attached to by a run, and is not deployed: use --cluster kind or --cluster kube")
