package site

import (
	"context"
	"errors"
	"fmt"

	"github.com/slotstorm/slotstorm/clusters/kind"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// PlannedRun is the id of a run that is not made: it stands where that of each run
// will.
const PlannedRun = "run-00000000T000000Z-0000"

// ErrNoManifests says that a scenario runs on this machine or on an existing cluster,
// where nothing is applied.
var ErrNoManifests = errors.New("a run on this machine, or on an existing cluster, applies nothing: use --cluster kind or --cluster kube")

// plan makes all that a run of s would apply, in its namespace or in another one
// that is there.
func plan(s *scenarios.Scenario, in string) ([]any, *pods.Planned, error) {
	faults, err := podFaultsOf(s)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrEnvironment, err)
	}
	k := s.Cluster.Kube
	img := k.GeneratorImage
	switch s.Cluster.Provider {
	case "local", scenarios.Attach:
		return nil, nil, ErrNoManifests
	case "kind":
		own, err := packed(s)
		if err != nil {
			return nil, nil, err
		}
		if own != nil {
			img = own.Ref
		}
	default:
		if img == "" {
			return nil, nil, errNoGeneratorImage
		}
	}
	ns, objects := kube.Planned(kube.TakeOptions{RunID: PlannedRun, Prepared: k.Namespace, Enforce: faults.enforce()})
	if in != "" {
		ns.Name = in
	}
	o := pods.Options{Namespace: ns, Redis: s.Redis, StorageClass: k.StorageClass, PullSecret: k.ImagePullSecret}
	p := o.Plan(generatorPlan(s, img, nil))
	return append(objects, p.Objects()...), p, nil
}

// Manifests are the objects that a run of s would make on Kubernetes, in order. They
// hold no secret.
func Manifests(s *scenarios.Scenario) ([]any, error) {
	objects, _, err := plan(s, "")
	return objects, err
}

// Try validates the objects of a run with the API server of the cluster that s names,
// and makes nothing. It says which API server accepted them, or that a kind cluster
// does not exist yet.
func Try(ctx context.Context, s *scenarios.Scenario, named string) (string, error) {
	var c *kube.Cluster
	var err error
	if s.Cluster.Provider == "kind" {
		name := s.Cluster.Kind.Name
		k, ok, kerr := kind.Find(ctx, name)
		if kerr == nil && !ok {
			return "not validated: kind cluster " + name + " does not exist yet; the run would make one for itself", nil
		}
		if err = kerr; err == nil {
			c, err = ConnectKind(ctx, k)
		}
	} else {
		c, err = kube.Connect(ctx, connection(s, named))
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrEnvironment, err)
	}
	in, err := c.Try(ctx, kube.TakeOptions{RunID: PlannedRun, Prepared: s.Cluster.Kube.Namespace})
	if err != nil {
		return "", fmt.Errorf("%w: %s rejects it: %w", ErrEnvironment, c.Context, err)
	}
	_, p, err := plan(s, in)
	if err != nil {
		return "", err
	}
	if err := p.Try(ctx, c, in); err != nil {
		return "", fmt.Errorf("%w: %s rejects it: %w", ErrEnvironment, c.Context, err)
	}
	if err := pods.CheckClass(ctx, c, s.Redis, s.Cluster.Kube.StorageClass); err != nil {
		return "", fmt.Errorf("%w: %w", ErrEnvironment, err)
	}
	return fmt.Sprintf("accepted by the API server of %s, Kubernetes %s; nothing was created", c.Context, c.Version), nil
}
