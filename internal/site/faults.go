package site

import (
	"context"
	"errors"
	"fmt"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/chaos/chaosmesh"
	"github.com/slotstorm/slotstorm/chaos/native"
	"github.com/slotstorm/slotstorm/clusters/image"
	"github.com/slotstorm/slotstorm/clusters/kube"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// podFaults are the faults of a run on Kubernetes, as far as they are known
// before anything is deployed.
type podFaults struct {
	needs native.Needs
	// mesh are those for Chaos Mesh to inject.
	mesh []scenarios.Fault
}

// podFaultsOf refuses faults that cannot be injected into pods, and gives the needs of
// the others.
func podFaultsOf(s *scenarios.Scenario) (f podFaults, err error) {
	for _, fault := range s.Timeline.Faults {
		if fault.Engine == "chaosmesh" {
			f.mesh = append(f.mesh, fault)
		}
	}
	if err := chaosmesh.Can(f.mesh); err != nil {
		return f, err
	}
	f.needs, err = native.AblePods(s.Timeline.Faults)
	return f, err
}

// enforce is the Pod Security Standard that a namespace of the run can hold its
// pods to. To change a pod's network takes NET_ADMIN, which only "privileged"
// allows.
func (f podFaults) enforce() string {
	if f.needs.Hands {
		return "privileged"
	}
	return "restricted"
}

// ServeCommand is the command of an agent in a pod.
func ServeCommand() []string { return []string{image.Program, "agent", "serve"} }

// helpers are the containers that faults add to pods.
func helpers(s *scenarios.Scenario, img string) pods.HelperPlan {
	return pods.HelperPlan{
		Image: img,
		// Like the generators, a helper ends by itself once its run is over.
		Stay:  []string{"agent", "stay", "--for", podLife(s).String()},
		Serve: ServeCommand(),
	}
}

// try tries in a pod of its own, before anything else is deployed, what the faults
// need to be able to do in pods.
func try(ctx context.Context, o pods.Options, f podFaults, note func(string)) (err error) {
	n := o.Namespace
	if len(f.mesh) > 0 {
		mesh, err := chaosmesh.New(n)
		if err == nil {
			err = mesh.Able(ctx, f.mesh)
		}
		if err != nil {
			return err
		}
	}
	if !f.needs.Hands {
		return nil
	}
	note("faults cut the network of pods: their helpers need NET_ADMIN, so the namespace enforces Pod Security 'privileged'; all other containers meet 'restricted'")
	if err := bears(ctx, n, f); err != nil {
		return err
	}
	stream, release, err := pods.Trial(ctx, o, pods.Hands)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	conn, err := agent.NewConn(ctx, stream)
	if err != nil {
		return err
	}
	return errors.Join(native.TryPods(ctx, conn), conn.Close())
}

// bears is an error if the Pod Security Standard of a namespace forbids what the faults do.
func bears(ctx context.Context, n *kube.Namespace, f podFaults) error {
	if !f.needs.Hands {
		return nil
	}
	enforces, err := n.Enforces(ctx)
	if err != nil {
		return err
	}
	if enforces == "restricted" || enforces == "baseline" {
		return fmt.Errorf("namespace %s enforces Pod Security %q, which forbids NET_ADMIN, but cutting the network of a pod needs it: label the namespace %s=privileged", n.Name, enforces, kube.EnforceLabel)
	}
	return nil
}

// podEngine is what injects the faults of a run on Kubernetes, with its agents in
// place.
func podEngine(ctx context.Context, in *cluster, d *pods.Deployment, o Options, f podFaults) (_ chaos.Engine, end func(), err error) {
	agents := &native.Agents{Cluster: d}
	e := native.Kube{Cluster: d, Agents: agents, Aim: o.Aim(d.Cluster), Clock: o.Recorder.Clock()}
	if in.kind != nil {
		e.Machines = machines{in.kind}
	}
	if len(f.mesh) > 0 {
		if e.Mesh, err = chaosmesh.New(d.Place()); err != nil {
			return nil, nil, err
		}
	}
	if err := e.Prepare(ctx, f.needs); err != nil {
		agents.Close()
		return nil, nil, fmt.Errorf("preparing the faults: %w", err)
	}
	return e, agents.Close, nil
}
