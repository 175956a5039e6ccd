package builtin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/chaos/agent"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// podMemory takes memory within the bounds of each pod's container.
type podMemory struct {
	podPressure
	spec scenarios.MemoryStress
}

// leaveContainer is what must be left of a container's own bound: beyond it the
// kernel ends a process of the container.
const leaveContainer = 32 << 20

func (p *podMemory) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	choice, err := p.choose(ctx, roles)
	if err != nil {
		return chaos.Choice{}, err
	}
	size, err := scenarios.Bytes(p.spec.Size)
	if err != nil {
		return chaos.Choice{}, err
	}
	// All pods may be on one machine.
	all := size * int64(len(p.pods))
	for i := range p.pods {
		s := &p.pods[i]
		s.take = agent.Pressure{Memory: size, Limit: p.limit}
		need, whose, left := all, "the machine of "+s.Name, int64(leaveMemory)
		if s.before.Bounded {
			need, whose, left = size, "the container of "+s.Name, leaveContainer
		}
		if need+left > s.before.Free {
			return chaos.Choice{}, fmt.Errorf("%s has %d MiB to give, of which %d MiB stay: %d MiB cannot be taken", whose, s.before.Free>>20, left>>20, need>>20)
		}
	}
	return choice, nil
}

func (p *podMemory) Prove(ctx context.Context) (string, error) {
	var seen []string
	var errs []error
	for _, s := range p.pods {
		now, err := p.strain(ctx, s)
		if err == nil && now.Held < s.take.Memory {
			err = fmt.Errorf("%d of %d bytes are held", now.Held, s.take.Memory)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Name, err))
			continue
		}
		seen = append(seen, fmt.Sprintf("%d MiB are held in the container of %s; there were %d MiB to give before, and are %d MiB now", now.Held>>20, s.Name, s.before.Free>>20, now.Free>>20))
	}
	return strings.Join(seen, "; "), errors.Join(errs...)
}

// InForce tells whether all of it is still held.
func (p *podMemory) InForce(ctx context.Context) error {
	_, err := p.Prove(ctx)
	return err
}

func (p *podMemory) Heal(ctx context.Context) (string, error) {
	return p.relieve(ctx, func(s pressedPod, now agent.Strain) string {
		return fmt.Sprintf("what was held in the container of %s is given back: there are %d MiB to give, and it answers", s.Name, now.Free>>20)
	})
}
