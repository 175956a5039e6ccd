package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

func podMemoryStress() podFault {
	return podFault{kind: new(scenarios.MemoryStress).Name(), needs: Needs{Eyes: true}, action: func(e Kube, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &podMemory{podPressure: pressureOf(e, in, random), spec: *in.Fault.Memory}
	}}
}

func (p *podMemory) Check(ctx context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := p.choose(ctx, roles)
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
		if err := spared(s.before, size, all); err != nil {
			return chaos.Choice{}, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return chaos.Choice{Targets: targets, Why: why}, nil
}

// spared reports whether enough is left if size bytes are taken from a container, and
// all bytes from its machine.
func spared(s agent.Strain, size, all int64) error {
	if all+leaveMemory > s.Free {
		return fmt.Errorf("its machine has %d MiB available and keeps %d MiB free: %d MiB in all cannot be taken", s.Free>>20, leaveMemory>>20, all>>20)
	}
	if s.FreeHere != nil && size+leaveContainer > *s.FreeHere {
		return fmt.Errorf("its container has %d MiB available and keeps %d MiB free: %d MiB cannot be taken", *s.FreeHere>>20, leaveContainer>>20, size>>20)
	}
	return nil
}

func (p *podMemory) Prove(ctx context.Context) (string, error) {
	var seen []string
	var errs []error
	for _, s := range p.pods {
		now, err := s.agent.Strain(ctx, s.pid)
		if err == nil && now.Held < s.take.Memory {
			err = fmt.Errorf("%d of %d bytes are held", now.Held, s.take.Memory)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Name, err))
			continue
		}
		seen = append(seen, fmt.Sprintf("%d MiB are held in the container of %s; %s", now.Held>>20, s.Name, room(s.before, now)))
	}
	return strings.Join(seen, "; "), errors.Join(errs...)
}

// room compares what there was to give with what there is.
func room(before, now agent.Strain) string {
	whose, had, has := "the machine", before.Free, now.Free
	if before.FreeHere != nil && now.FreeHere != nil {
		whose, had, has = "it", *before.FreeHere, *now.FreeHere
	}
	return fmt.Sprintf("%s had %d MiB to give before, and has %d MiB now", whose, had>>20, has>>20)
}

// InForce reports whether all of it is still held.
func (p *podMemory) InForce(ctx context.Context) error {
	_, err := p.Prove(ctx)
	return err
}

func (p *podMemory) Heal(ctx context.Context) (string, error) {
	if err := p.relieve(ctx); err != nil {
		return "", err
	}
	return p.report(func(s pressedPod) string {
		return fmt.Sprintf("what held memory in the container of %s has ended, and it answers", s.Name)
	}), nil
}
