package native

import (
	"context"
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

// kill ends the processes of nodes; their supervisors start them again.
type kill struct {
	Local
	spec      scenarios.Kill
	random    *rand.Rand
	targets   []chaos.Target
	processes []*local.Process
	// struck is how many were sent the signal.
	struck int
}

func localKill() localFault {
	return localFault{kind: new(scenarios.Kill).Name(), able: anywhere, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &kill{Local: e, spec: *in.Fault.Kill, random: random}
	}}
}

func (k *kill) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := k.Aim.Choose(roles, k.spec.Target, k.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	k.targets = targets
	k.processes, err = k.Local.processes(targets)
	return chaos.Choice{Targets: targets, Why: why, Effect: chaos.Effect{Down: names(targets)}}, err
}

func (k *kill) Inject(context.Context) (time.Time, error) {
	if k.spec.Away != nil {
		if err := k.keepDown(true); err != nil {
			return time.Now(), err
		}
	}
	signal := syscall.SIGKILL
	if k.spec.Signal == "SIGTERM" {
		signal = syscall.SIGTERM
	}
	at := time.Now()
	for _, p := range k.processes {
		if err := p.Signal(signal); err != nil {
			return at, err
		}
		k.struck++
	}
	return at, nil
}

func (k *kill) Prove(ctx context.Context) (string, error) {
	grace := make(<-chan time.Time)
	if k.spec.Grace > 0 {
		grace = time.After(k.spec.Grace.Std())
	}
	var seen []string
	for i, p := range k.processes {
		for ended := false; !ended; {
			select {
			case <-p.Done():
				ended = true
			case <-grace:
				for _, p := range k.processes[i:] {
					if err := p.Kill(); err != nil {
						return "", err
					}
				}
			case <-ctx.Done():
				return "", fmt.Errorf("process %d of %s is still there after %s: %w", p.PID(), k.targets[i].Node, k.spec.Signal, context.Cause(ctx))
			}
		}
		seen = append(seen, fmt.Sprintf("process %d of %s %s", p.PID(), k.targets[i].Node, p.Exit()))
	}
	return strings.Join(seen, "; "), nil
}

// InForce wants nodes that are kept down to be down.
func (k *kill) InForce(context.Context) error {
	if k.spec.Away == nil {
		return nil
	}
	for i, was := range k.processes {
		now, err := k.Cluster.Process(k.targets[i].Node)
		if err != nil {
			return err
		}
		if now != was {
			return fmt.Errorf("%s is back as process %d, too early", k.targets[i].Node, now.PID())
		}
	}
	return nil
}

// keepDown has the supervisors of the targets leave them down, or start them again.
func (k *kill) keepDown(on bool) error {
	for _, t := range k.targets {
		if err := k.Cluster.KeepDown(t.Node, on); err != nil {
			return err
		}
	}
	return nil
}

func (k *kill) Heal(ctx context.Context) (string, error) {
	if k.spec.Away != nil {
		if err := k.keepDown(false); err != nil {
			return "", err
		}
	}
	var seen []string
	for i, p := range k.processes[:k.struck] {
		node := k.targets[i].Node
		next, err := k.Cluster.AwaitNext(ctx, node, p)
		if err != nil {
			return "", err
		}
		if err := k.Cluster.AwaitAnswer(ctx, node); err != nil {
			return "", err
		}
		seen = append(seen, fmt.Sprintf("%s is back as process %d", node, next.PID()))
	}
	return strings.Join(seen, "; "), nil
}
