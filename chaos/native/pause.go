package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// pause stops the processes of nodes and lets them go on.
type pause struct {
	Local
	spec      scenarios.Pause
	random    *rand.Rand
	targets   []chaos.Target
	processes []*local.Process
}

func localPause() localFault {
	return localFault{kind: new(scenarios.Pause).Name(), able: anywhere, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &pause{Local: e, spec: *in.Fault.Pause, random: random}
	}}
}

func (p *pause) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := p.Aim.Choose(roles, p.spec.Target, p.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	p.targets = targets
	p.processes, err = p.Local.processes(targets)
	return chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Down: names(targets)}}, err
}

func (p *pause) Inject(context.Context) (time.Time, error) {
	at := time.Now()
	for _, process := range p.processes {
		if err := process.Signal(syscall.SIGSTOP); err != nil {
			return at, err
		}
	}
	return at, nil
}

func (p *pause) Prove(ctx context.Context) (string, error) {
	// The signal reaches every thread of the process on its own.
	if err := until(ctx, p.InForce); err != nil {
		return "", err
	}
	return p.report("is stopped (state T)"), nil
}

// InForce reports whether every process is still stopped.
func (p *pause) InForce(context.Context) error {
	for i, process := range p.processes {
		stopped, err := process.Stopped()
		if err != nil {
			return err
		}
		if !stopped {
			return fmt.Errorf("process %d of %s runs", process.PID(), p.targets[i].Node)
		}
	}
	return nil
}

func (p *pause) Heal(ctx context.Context) (string, error) {
	var errs []error
	for _, process := range p.processes {
		errs = append(errs, process.Signal(syscall.SIGCONT))
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	// A look may fail for a while, such as where no file can be opened.
	if err := until(ctx, p.goesOn); err != nil {
		return "", err
	}
	for _, t := range p.targets {
		if err := p.Cluster.AwaitAnswer(ctx, t.Node); err != nil {
			return "", err
		}
	}
	return p.report("goes on and answers"), nil
}

// goesOn reports whether no process is stopped any more.
func (p *pause) goesOn(context.Context) error {
	for i, process := range p.processes {
		stopped, err := process.Stopped()
		if err != nil {
			return err
		}
		if stopped {
			return fmt.Errorf("process %d of %s is still stopped after SIGCONT", process.PID(), p.targets[i].Node)
		}
	}
	return nil
}

func (p *pause) report(what string) string {
	var seen []string
	for i, process := range p.processes {
		seen = append(seen, fmt.Sprintf("process %d of %s %s", process.PID(), p.targets[i].Node, what))
	}
	return strings.Join(seen, "; ")
}
