package native

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/scenarios"
)

// localFaults are the faults that this engine knows on this machine.
func localFaults() []localFault {
	return []localFault{
		localKill(), localPause(), localPartition(), localIsolate(), localFailover(), localReshard(), localScale(), localCPU(), localMemory(), localDiskFull(),
		localSlowDisk(), localDiskError(), localPowerLoss(), localDelay(), localLoss(), localBandwidth(), localCommand(), localExec(),
	}
}

// localFaultOf is the kind of a fault.
func localFaultOf(f scenarios.Fault) (localFault, error) {
	list := localFaults()
	i := slices.IndexFunc(list, func(l localFault) bool { return l.kind == f.Kind() })
	if i < 0 {
		return localFault{}, fmt.Errorf("this version of slotstorm cannot do %s on this machine", f.Kind())
	}
	return list[i], nil
}

// Action makes the action of an injection.
func (e Local) Action(in chaos.Injection) (chaos.Action, error) {
	l, err := localFaultOf(in.Fault)
	if err != nil || l.action == nil {
		return nil, fmt.Errorf("fault %s: this engine knows no such action", in.Name)
	}
	return l.action(e, in, rand.New(rand.NewPCG(in.Seed, 0))), nil
}

// Able reports, before anything is deployed, which faults of a scenario cannot be
// injected on this machine, each with the reason. It tries what it can: only the
// kernel knows what it has.
func Able(room local.Room, s *scenarios.Scenario) error {
	var errs []error
	for _, f := range slices.Concat(s.Cluster.Network.Conditions(0), s.Timeline.Faults) {
		l, err := localFaultOf(f)
		if err == nil {
			err = l.able(room)
		}
		if err == nil && l.bears != nil {
			err = l.bears(s, f)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("fault %s: %w", f.Name, err))
		}
	}
	return errors.Join(errs...)
}
