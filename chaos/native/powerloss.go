package native

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/scenarios"
)

// powerLoss kills nodes, takes what their volumes had not synced, and has them start on
// what is left.
type powerLoss struct {
	kill
	torn bool
}

func localPowerLoss() localFault {
	return localFault{kind: new(scenarios.PowerLoss).Name(), able: onDisks, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		spec := in.Fault.PowerLoss
		return &powerLoss{kill{Local: e, spec: scenarios.Kill{Target: spec.Target, Signal: "SIGKILL", Away: spec.Away}, random: random}, spec.Torn}
	}}
}

// Prove waits until the processes have ended. Nothing writes any more then, and what was
// not synced goes.
func (p *powerLoss) Prove(ctx context.Context) (string, error) {
	seen, err := p.kill.Prove(ctx)
	if err != nil {
		return "", err
	}
	for _, t := range p.targets {
		volume, err := p.Cluster.Disk(t.Node)
		if err != nil {
			return "", err
		}
		loss, err := volume.Cut(p.torn, p.random.Uint64())
		if err != nil {
			return "", err
		}
		seen += fmt.Sprintf("; on the volume of %s: %s", t.Node, loss)
	}
	return seen, nil
}
