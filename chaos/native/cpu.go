package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// busy has each target share one processor with busy processes.
type busy struct {
	Local
	spec      scenarios.CPUStress
	random    *rand.Rand
	targets   []chaos.Target
	processes []*local.Process
	// processors are those that each target could use before; on is the one that
	// it is held to.
	processors [][]int
	on         []int
	host       *local.Host
	workers    [][]*local.Process
}

func localCPU() localFault {
	return localFault{kind: new(scenarios.CPUStress).Name(), able: pressing, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &busy{Local: e, spec: *in.Fault.CPU, random: random}
	}}
}

// pressing is able for faults that take time or memory.
func pressing(local.Room) error { return local.CanPress() }

func (b *busy) Check(_ context.Context, roles []deployer.Role) (choice chaos.Choice, err error) {
	targets, why, err := b.Aim.Choose(roles, b.spec.Target, b.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	b.targets = targets
	if b.processes, err = b.Local.processes(targets); err != nil {
		return chaos.Choice{}, err
	}
	for _, p := range b.processes {
		list, err := local.Affinity(p.PID())
		if err != nil {
			return chaos.Choice{}, err
		}
		b.processors = append(b.processors, list)
		b.on = append(b.on, list[b.random.IntN(len(list))])
	}
	return chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Held: names(targets)}}, nil
}

func (b *busy) Inject(context.Context) (time.Time, error) {
	b.host = local.NewHost()
	at := time.Now()
	for i, p := range b.processes {
		if err := local.Pin(p.PID(), b.on[i:i+1]); err != nil {
			return at, err
		}
		b.workers = append(b.workers, nil)
		for range b.spec.Workers {
			w, err := b.host.Start(local.Spec{Path: "/bin/sh", Args: []string{"-c", "while :; do :; done"}, Dir: "/"})
			if err != nil {
				return at, err
			}
			b.workers[i] = append(b.workers[i], w)
			if err := local.Pin(w.PID(), b.on[i:i+1]); err != nil {
				return at, err
			}
		}
	}
	return at, nil
}

// worked is how much processor time each busy process must have used before they
// are believed to be busy.
const worked = 50 * time.Millisecond

func (b *busy) Prove(ctx context.Context) (string, error) {
	var seen []string
	err := until(ctx, func(ctx context.Context) error {
		seen = nil
		if err := b.InForce(ctx); err != nil {
			return err
		}
		for i, p := range b.processes {
			var used time.Duration
			for _, w := range b.workers[i] {
				t, err := local.ProcessorTime(w.PID())
				if err != nil {
					return err
				}
				if t < worked {
					return fmt.Errorf("busy process %d beside %s has used %v of processor time", w.PID(), b.targets[i].Node, t)
				}
				used += t
			}
			seen = append(seen, fmt.Sprintf("process %d of %s shares processor %d with %d busy processes, which have used %v of it", p.PID(), b.targets[i].Node, b.on[i], len(b.workers[i]), used))
		}
		return nil
	})
	return strings.Join(seen, "; "), err
}

// InForce reports whether every target is held to its processor, and its busy
// processes run.
func (b *busy) InForce(context.Context) error {
	for i, p := range b.processes {
		on, err := local.Affinity(p.PID())
		if err != nil {
			return err
		}
		if len(on) != 1 || on[0] != b.on[i] {
			return fmt.Errorf("process %d of %s may run on processors %v", p.PID(), b.targets[i].Node, on)
		}
		for _, w := range b.workers[i] {
			select {
			case <-w.Done():
				return fmt.Errorf("busy process %d beside %s %s", w.PID(), b.targets[i].Node, w.Exit())
			default:
			}
		}
	}
	return nil
}

func (b *busy) Heal(ctx context.Context) (string, error) {
	var seen []string
	var errs []error
	for _, list := range b.workers {
		for _, w := range list {
			errs = append(errs, w.Kill())
			<-w.Done()
		}
	}
	if b.host != nil {
		b.host.Close()
	}
	for i, p := range b.processes {
		select {
		case <-p.Done():
			continue // the next one is held to nothing
		default:
		}
		errs = append(errs, local.Pin(p.PID(), b.processors[i]))
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	for i, t := range b.targets {
		if err := b.Cluster.AwaitAnswer(ctx, t.Node); err != nil {
			return "", err
		}
		seen = append(seen, fmt.Sprintf("%s may use processors %v again", t.Node, b.processors[i]))
	}
	return "the busy processes have ended; " + strings.Join(seen, "; "), nil
}
