package chaosmesh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slotstorm/slotstorm/chaos/native"
	"github.com/slotstorm/slotstorm/clusters/kube/api"
	"github.com/slotstorm/slotstorm/deployer/pods"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Can reports, without asking a cluster, which faults no Chaos Mesh can inject as they
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
	list := kinds()
	i := slices.IndexFunc(list, func(k kind) bool { return k.name == f.Kind() })
	if i < 0 {
		return fmt.Errorf("this version of slotstorm cannot have Chaos Mesh do %s", f.Kind())
	}
	return list[i].can(f)
}

// kind is a kind of fault that this engine knows.
type kind struct {
	name string
	// can says why a fault cannot be injected by any Chaos Mesh.
	can func(scenarios.Fault) error
	// trial makes the fault's object without a target, in a dry run; nil where can always
	// refuses.
	trial func(ctx context.Context, m *Mesh, f scenarios.Fault) error
}

func kinds() []kind {
	return []kind{
		{new(scenarios.Kill).Name(), canKill, tryKill},
		{new(scenarios.Partition).Name(), canPartition, tryCut},
		{new(scenarios.Isolate).Name(), func(f scenarios.Fault) error { return rejects(f.Isolate.Action) }, tryCut},
		{new(scenarios.CPUStress).Name(), notYet, nil},
		{new(scenarios.MemoryStress).Name(), notYet, nil},
		{new(scenarios.OOMKill).Name(), notYet, nil},
		{new(scenarios.Pause).Name(), func(scenarios.Fault) error {
			return errors.New("no fault of Chaos Mesh stops a process and continues it: write engine: auto")
		}, nil},
		{new(scenarios.Failover).Name(), unknown, nil},
		{new(scenarios.Reshard).Name(), unknown, nil},
		{new(scenarios.Scale).Name(), unknown, nil},
		{new(scenarios.Drain).Name(), unknown, nil},
		{new(scenarios.Evict).Name(), func(scenarios.Fault) error {
			return errors.New("a pod is deleted by Chaos Mesh, without a question to its PodDisruptionBudget: write engine: auto, or kill")
		}, nil},
		{new(scenarios.Machine).Name(), func(scenarios.Fault) error {
			return errors.New("no fault of Chaos Mesh stops a machine of kind: write engine: auto")
		}, nil},
		{new(scenarios.Restart).Name(), unknown, nil},
		{new(scenarios.SentCommand).Name(), unknown, nil},
		{new(scenarios.Exec).Name(), unknown, nil},
	}
}

func canKill(f scenarios.Fault) error {
	if f.Kill.Scope == "container" && f.Kill.Signal == "SIGTERM" {
		return errors.New("a container ends only by SIGKILL in Chaos Mesh: write engine: auto, or signal: SIGKILL")
	}
	return nil
}

func canPartition(f scenarios.Fault) error {
	if f.Partition.Traffic != "all" {
		return fmt.Errorf("all traffic of a pod is cut in Chaos Mesh, not single ports: write engine: auto for traffic: %s", f.Partition.Traffic)
	}
	return rejects(f.Partition.Action)
}

func notYet(f scenarios.Fault) error {
	return fmt.Errorf("this version of slotstorm cannot have Chaos Mesh do %s: write engine: auto", f.Kind())
}

func unknown(f scenarios.Fault) error {
	return fmt.Errorf("no fault of Chaos Mesh is a %s: write engine: auto", f.Kind())
}

// rejects refuses what newer objects have a field for (partitionBehavior): the
// controller of September 2026 stores it and drops packets all the same, which the
// dials of the proof have shown.
func rejects(action string) error {
	if action == "reject" {
		return errors.New("packets are dropped by Chaos Mesh without an error to the sender: write engine: auto for action: reject")
	}
	return nil
}

// nobody is whom a trial is aimed at.
func nobody() []pods.Pod { return []pods.Pod{{Name: "nobody"}} }

func tryKill(ctx context.Context, m *Mesh, f scenarios.Fault) error {
	_, err := m.create(ctx, f.Name, kills, m.kill(f.Name, nobody(), *f.Kill), api.DryRunAll)
	return err
}

func tryCut(ctx context.Context, m *Mesh, f scenarios.Fault) error {
	cut := m.partition(f.Name, native.PodRule{From: nobody(), To: nobody()}, time.Minute)
	_, err := m.create(ctx, f.Name, networks, cut, api.DryRunAll)
	return err
}

// Able asks the cluster whether its Chaos Mesh takes what the faults need: each is
// made in a dry run, which its webhooks see and nothing stores.
func (m *Mesh) Able(ctx context.Context, faults []scenarios.Fault) error {
	var errs []error
	for _, f := range faults {
		for _, k := range kinds() {
			if k.name != f.Kind() || k.trial == nil {
				continue
			}
			err := k.trial(ctx, m, f)
			switch {
			case api.IsNotFound(err):
				return fmt.Errorf("fault %s: this cluster has no Chaos Mesh: install it, or write engine: auto (%w)", f.Name, err)
			case err != nil:
				errs = append(errs, fmt.Errorf("fault %s: %w", f.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}
