package chaosmesh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slotstorm/slotstorm/chaos/native"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Can tells, without asking anybody, which faults no Chaos Mesh can inject as they
// are meant, each with the reason.
func Can(faults []scenarios.Fault) error {
	var errs []error
	for _, f := range faults {
		if err := can(f); err != nil {
			errs = append(errs, fmt.Errorf("fault %s: %w", f.Name, err))
		}
	}
	return errors.Join(errs...)
}

func can(f scenarios.Fault) error {
	switch action := f.Action(); action {
	case "kill":
		if f.Kill.Scope == "container" && f.Kill.Signal == "SIGTERM" {
			return errors.New("a container is ended by Chaos Mesh by SIGKILL alone: write engine: auto, or signal: SIGKILL")
		}
		return nil
	case "partition":
		if f.Partition.Traffic != "all" {
			return fmt.Errorf("all traffic of a pod is cut by Chaos Mesh, and no port alone: write engine: auto for traffic: %s", f.Partition.Traffic)
		}
		return rejects(f.Partition.Action)
	case "isolate":
		return rejects(f.Isolate.Action)
	case "cpu", "memory":
		return fmt.Errorf("this version of slotstorm cannot have Chaos Mesh do %s: write engine: auto", action)
	case "pause":
		return errors.New("in Chaos Mesh no fault stops a process and lets it go on: write engine: auto")
	case "failover", "drain", "restart":
		return fmt.Errorf("in Chaos Mesh there is no %s: write engine: auto", action)
	default:
		return fmt.Errorf("this version of slotstorm cannot have Chaos Mesh do %s", action)
	}
}

// rejects refuses what newer objects have a field for (partitionBehavior): the
// controller of September 2026 stores it and drops packets all the same, which the
// dials of the proof have shown.
func rejects(action string) error {
	if action == "reject" {
		return errors.New("packets are dropped by Chaos Mesh, which tells no sender: write engine: auto for action: reject")
	}
	return nil
}

// Able asks the cluster whether its Chaos Mesh takes what the faults need: each is
// made in a dry run, which its webhooks see and nothing stores.
func (m *Mesh) Able(ctx context.Context, faults []scenarios.Fault) error {
	nobody := []pods.Pod{{Name: "nobody"}}
	var errs []error
	for _, f := range faults {
		var err error
		switch {
		case f.Kill != nil:
			_, err = m.create(ctx, f.Name, kills, m.kill(f.Name, nobody, *f.Kill), api.DryRunAll)
		case f.Isolate != nil, f.Partition != nil:
			cut := m.partition(f.Name, native.PodRule{From: nobody, To: nobody}, time.Minute)
			_, err = m.create(ctx, f.Name, networks, cut, api.DryRunAll)
		}
		switch {
		case api.IsNotFound(err):
			return fmt.Errorf("fault %s: this cluster has no Chaos Mesh: install it, or write engine: auto (%w)", f.Name, err)
		case err != nil:
			errs = append(errs, fmt.Errorf("fault %s: %w", f.Name, err))
		}
	}
	return errors.Join(errs...)
}
