package native

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local/disk"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// slowDisk adds time to requests to the volumes of nodes.
type slowDisk struct {
	badDisks
	spec   scenarios.SlowDisk
	random *rand.Rand
}

func localSlowDisk() localFault {
	return localFault{kind: new(scenarios.SlowDisk).Name(), able: onDisks, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		spec := *in.Fault.SlowDisk
		slow := disk.Behaviour{Fsync: disk.Operation{Delay: spec.Fsync.Std()}, Write: disk.Operation{Delay: spec.Write.Std()}, Read: disk.Operation{Delay: spec.Read.Std()}}
		return &slowDisk{badDisks{Local: e, fault: in.Name, behaviour: slow}, spec, random}
	}}
}

func (s *slowDisk) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := s.Aim.Choose(roles, s.spec.Target, s.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	measured, err := s.choose(targets)
	return chaos.Choice{Targets: targets, Why: why + measured}, err
}

// Heal waits for the nodes too.
func (s *slowDisk) Heal(ctx context.Context) (string, error) {
	seen, err := s.heal(ctx)
	for _, p := range s.hit {
		if err == nil {
			err = s.Cluster.AwaitAnswer(ctx, p.node)
		}
	}
	return seen, err
}

func (s *slowDisk) Inject(context.Context) (time.Time, error) {
	return time.Now(), s.set(s.behaviour)
}
