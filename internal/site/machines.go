package site

import (
	"context"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// machines are those of a kind cluster, as faults see them.
type machines struct{ of *kind.Cluster }

// Worker is the id of a machine that may be broken.
func (m machines) Worker(ctx context.Context, name string) (string, error) {
	w, err := m.of.Worker(ctx, name)
	return w.ID, err
}

// Break breaks a machine, for limit at most.
func (m machines) Break(ctx context.Context, b results.Broken, limit time.Duration) (func(context.Context) error, error) {
	return kind.Machine{Name: b.Name, ID: b.ID}.Break(ctx, b.Action, limit)
}

// Broken is in which way a machine is broken, or empty.
func (m machines) Broken(ctx context.Context, b results.Broken) (string, error) {
	return kind.Machine{Name: b.Name, ID: b.ID}.Broken(ctx, b.Action)
}

// reserve finds the machine that only the generators of a run stand on whose faults break
// machines; empty if none does. used says which machines carry nodes already; it is nil where
// nothing is deployed yet.
func reserve(ctx context.Context, s *scenarios.Scenario, in *cluster, used func(machine string) []pods.Pod) (string, error) {
	if !s.BreaksMachines() {
		return "", nil
	}
	workers, err := in.Workers(ctx)
	if err != nil {
		return "", err
	}
	if used != nil {
		for _, w := range workers {
			if len(used(w)) == 0 {
				return w, nil
			}
		}
		return "", fmt.Errorf("faults that break machines need a machine for the generators alone, and every worker of %s carries Redis nodes of the deployment: deploy it anew from this scenario, with 'slotstorm up'", in.Context)
	}
	if need := 2 + s.Redis.ReplicasPerShard; len(workers) < need {
		return "", fmt.Errorf("faults that break machines need %d workers, one for each copy of a shard and one for the generators alone, and %s has %d", need, in.Context, len(workers))
	}
	return workers[len(workers)-1], nil
}
