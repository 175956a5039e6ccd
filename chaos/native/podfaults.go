package native

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/scenarios"
)

// podFaults are the faults that this engine knows in pods.
func podFaults() []podFault {
	return []podFault{
		killPods(), drainNode(), evictPod(), machineOfNode(), restartShards(), pausePods(), podCPUStress(), podMemoryStress(), oomKillPods(), podPartition(), podIsolate(), podFailover(), podReshard(),
		podDelay(), podLoss(), podBandwidth(), podDiskFull(), podSlowDisk(), podDiskError(), podPowerLoss(), podCommand(), podExec(),
	}
}

// podFaultOf is the kind of a fault.
func podFaultOf(f scenarios.Fault) (podFault, bool) {
	list := podFaults()
	i := slices.IndexFunc(list, func(p podFault) bool { return p.kind == f.Kind() })
	if i < 0 {
		return podFault{}, false
	}
	return list[i], true
}

// Action makes the action of an injection.
func (e Kube) Action(in chaos.Injection) (chaos.Action, error) {
	if in.Fault.Engine != "chaosmesh" {
		e.Mesh = nil
	}
	p, ok := podFaultOf(in.Fault)
	if !ok || p.action == nil {
		return nil, fmt.Errorf("fault %s: it cannot be injected on Kubernetes yet", in.Name)
	}
	return p.action(e, in, rand.New(rand.NewPCG(in.Seed, 0))), nil
}

// AblePods reports which faults of this engine cannot be injected into pods on any
// cluster, each with the reason, and what the others need.
func AblePods(faults []scenarios.Fault) (Needs, error) {
	var needs Needs
	var errs []error
	for _, f := range faults {
		p, ok := podFaultOf(f)
		err := fmt.Errorf("slotstorm itself cannot do %s in pods", f.Kind())
		if ok {
			err = nil
		}
		if ok && p.able != nil {
			err = p.able(f)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("fault %s: %w", f.Name, err))
		}
		needs = needs.plus(p.needsOf(f))
	}
	return needs, errors.Join(errs...)
}

// needsOf are the needs for one fault: where Chaos Mesh makes the rules, agents only
// dial.
func (p podFault) needsOf(f scenarios.Fault) Needs {
	if f.Engine == "chaosmesh" && p.needs.Hands {
		return Needs{Dials: true}
	}
	return p.needs
}
