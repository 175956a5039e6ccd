package upkeep

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// kubernetes removes what is left of a run on Kubernetes: faults end with the pods
// that they are in. On a kept deployment the pods stay, so the cluster is awaited
// whole.
//
// The journal names a context, and anybody can write one: it counts as named only
// if it is named on the command line too.
func (r *Recovery) kubernetes(ctx context.Context, s *scenarios.Scenario, runID string, j *results.Journal, named string) error {
	at := results.KubernetesPlace{}
	for _, e := range j.Entries {
		if e.Kubernetes != nil {
			at = *e.Kubernetes
		}
	}
	where := Where{Provider: s.Cluster.Provider, Context: at.Context, Namespace: at.Namespace, Note: func(string) {}, Recorded: true}
	if named != "" && where.Context != "" {
		if where.Provider == "kind" && named != where.Context {
			return fmt.Errorf("%w: the run was in %s, and not in %s", ErrUnhealed, where.Context, named)
		}
		where.Context, where.Recorded = named, false
	}
	network := ""
	if where.Context == "" {
		// A kind cluster may have been under way all the same.
		r.Seen = "the run had not reached a cluster"
		if where.Provider == "kube" {
			return nil
		}
	} else {
		r.Seen = "nothing of the run is left in " + where.Context
		var err error
		if network, err = mended(ctx, where, runID); err != nil {
			return err
		}
	}
	if err := r.removed(ctx, where, runID); err != nil {
		return err
	}
	if network != "" {
		r.Seen = network + "; " + r.Seen
	}
	if at.Deployment == "" || len(r.Faults) == 0 {
		return nil
	}
	undo := undoing(s, j)
	if err := whole(ctx, s, where, at.Deployment, undo); err != nil {
		return fmt.Errorf("%w: %w", ErrUnhealed, err)
	}
	if len(undo) > 0 {
		r.Seen += ", its nodes carried the undo of each command out"
	}
	r.Seen += ", and the cluster of deployment " + at.Deployment + " is whole"
	return nil
}

// mended undoes the rules that the run left active in its pods, and says which; an
// empty text means that it has no pods.
func mended(ctx context.Context, where Where, runID string) (string, error) {
	network := ""
	c, err := reach(ctx, where)
	if err == nil {
		network, err = mendPods(ctx, c, where.Namespace, runID)
	}
	var unnamed *kube.Unnamed
	if errors.As(err, &unnamed) {
		return "", fmt.Errorf("%w: the run's journal names context %q, which is not known to be a cluster of kind, k3d or minikube on this machine: %w. If the run was yours and you mean that cluster, name it: slotstorm recover %s %s",
			ErrUnhealed, unnamed.Context, unnamed.Why, runID, unnamed.Flag())
	}
	if err != nil && !errors.Is(err, errNoKind) {
		return "", fmt.Errorf("%w: looking for rules in pods: %w", ErrUnhealed, err)
	}
	return network, nil
}

// removed removes what is left of the run, and verifies that nothing can be left.
func (r *Recovery) removed(ctx context.Context, where Where, runID string) error {
	c, err := Clean(ctx, CleanOptions{Where: where, Runs: []string{runID}, Confirm: func([]Left) (bool, error) { return true, nil }})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnhealed, err)
	}
	for name, why := range c.missed {
		// Without a context the run may have been in any of them.
		if where.Context == "" || name == strings.TrimPrefix(where.Context, "kind-") {
			return fmt.Errorf("%w: %s", ErrUnhealed, why)
		}
	}
	for _, l := range c.Left {
		r.Removed = append(r.Removed, l.What+" "+l.Name)
	}
	for _, a := range c.Alone {
		if a.run == runID || a.run != "" && a.run == kube.ShortID(runID) {
			return fmt.Errorf("%w: %s: %s", ErrUnhealed, a.Name, a.Why)
		}
	}
	return nil
}

// wholeLimit bounds the wait for a cluster to be whole.
const wholeLimit = 60 * time.Second

// whole undoes what commands left in force in a kept deployment, and awaits its cluster
// whole.
func whole(ctx context.Context, s *scenarios.Scenario, w Where, deployment string, undo []deployer.Undo) (err error) {
	ctx, cancel := context.WithTimeout(ctx, wholeLimit)
	defer cancel()
	c, err := reach(ctx, w)
	if err != nil {
		return err
	}
	h, err := site.Find(ctx, c, w.Namespace, deployment)
	if err != nil {
		return err
	}
	ns, err := c.Use(ctx, h, results.NewID("recover", time.Now()))
	if err != nil {
		return err
	}
	d, err := pods.Attach(ctx, pods.Options{Namespace: ns, Redis: s.Redis, Inside: w.Context == kube.InCluster, Clock: results.Clock{Start: time.Now()}, Emit: func(results.Event) {}, Undo: undo})
	if err != nil {
		return errors.Join(err, ns.Release())
	}
	return d.Remove(false)
}

// errNoKind says that a kind cluster is gone, with everything in it.
var errNoKind = errors.New("no kind cluster")

// reach connects to the cluster of a context, which for kind need not be in a
// kubeconfig.
func reach(ctx context.Context, w Where) (*kube.Cluster, error) {
	if w.Provider == "kube" {
		return kube.Connect(ctx, w.options())
	}
	k, ok, err := kind.Find(ctx, strings.TrimPrefix(w.Context, "kind-"))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%w %s", errNoKind, strings.TrimPrefix(w.Context, "kind-"))
	}
	return site.ConnectKind(ctx, k)
}
