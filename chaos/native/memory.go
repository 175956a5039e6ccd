package native

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// memory takes memory from this machine, and so from every node on it.
type memory struct {
	Local
	spec   scenarios.MemoryStress
	random *rand.Rand
	size   int64
	before int64
	held   *local.Memory
}

// leaveMemory is what must be left to this machine: what lacks memory is ended by
// the kernel, and that would not be a node alone.
const leaveMemory = 256 << 20

func localMemory() localFault {
	return localFault{kind: new(scenarios.MemoryStress).Name(), able: pressing, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &memory{Local: e, spec: *in.Fault.Memory, random: random}
	}}
}

func (m *memory) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := m.Aim.Choose(roles, m.spec.Target, m.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	if m.size, err = scenarios.Bytes(m.spec.Size); err != nil {
		return chaos.Choice{}, err
	}
	if m.before, err = local.FreeMemory(); err != nil {
		return chaos.Choice{}, err
	}
	if m.size+leaveMemory > m.before {
		return chaos.Choice{}, fmt.Errorf("this machine has %d MiB available and keeps %d MiB free: %s cannot be taken", m.before>>20, leaveMemory>>20, m.spec.Size)
	}
	// A container or a service has less than its machine, and its end is that of the whole run.
	if free, err := local.FreeInContainer(); err == nil && m.size+leaveMemory > free {
		return chaos.Choice{}, fmt.Errorf("the control group of slotstorm has %d MiB available and keeps %d MiB free: %s cannot be taken", free>>20, leaveMemory>>20, m.spec.Size)
	}
	return chaos.Choice{Targets: targets, Why: why + "; on this machine the memory is everybody's"}, nil
}

func (m *memory) Inject(context.Context) (_ time.Time, err error) {
	at := time.Now()
	m.held, err = local.HoldMemory(m.size)
	return at, err
}

func (m *memory) Prove(context.Context) (string, error) {
	held, err := m.held.Held()
	if err != nil {
		return "", err
	}
	if held < m.size {
		return "", fmt.Errorf("%d of %d bytes are held", held, m.size)
	}
	free, err := local.FreeMemory()
	return fmt.Sprintf("%d MiB are held; this machine had %d MiB to give before, and has %d MiB now", held>>20, m.before>>20, free>>20), err
}

func (m *memory) Heal(context.Context) (string, error) {
	if m.held == nil {
		return "nothing was taken", nil
	}
	if err := m.held.Release(); err != nil {
		return "", err
	}
	free, err := local.FreeMemory()
	return fmt.Sprintf("it is given back: this machine has %d MiB to give", free>>20), err
}
