package native

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/slotstorm/slotstorm/chaos"
	"github.com/slotstorm/slotstorm/clusters/local/disk"
	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/scenarios"
)

// diskError has the volumes of nodes answer with EIO. A node that ends for it stays down
// until the fault is healed: it could not start on such a disk.
type diskError struct {
	badDisks
	spec    scenarios.DiskError
	random  *rand.Rand
	targets []chaos.Target
}

func localDiskError() localFault {
	return localFault{kind: new(scenarios.DiskError).Name(), able: onDisks, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		d := &diskError{badDisks: badDisks{Local: e, fault: in.Name}, spec: *in.Fault.DiskError, random: random}
		for _, r := range requests() {
			for _, on := range d.spec.On {
				if string(on) == r.name {
					*r.of(&d.behaviour) = disk.Operation{Fail: true}
				}
			}
		}
		return d
	}}
}

func (d *diskError) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := d.Aim.Choose(roles, d.spec.Target, d.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	d.targets = targets
	measured, err := d.choose(targets)
	return chaos.Choice{Targets: targets, Why: why + measured, Effect: chaos.Effect{Unsure: names(targets)}}, err
}

func (d *diskError) Inject(context.Context) (time.Time, error) {
	at := time.Now()
	if err := d.keepDown(true); err != nil {
		return at, err
	}
	return at, d.set(d.behaviour)
}

// keepDown has the supervisors of the targets leave them down once they have ended, or
// start them again.
func (d *diskError) keepDown(on bool) error {
	var errs []error
	for _, t := range d.targets {
		errs = append(errs, d.Cluster.KeepDown(t.Node, on))
	}
	return errors.Join(errs...)
}

// recovery is how long a node may take to accept writes on a disk that works again,
// before it is restarted.
const recovery = 5 * time.Second

// Heal mends the disks before nodes start on them. A node can refuse commands for good:
// Redis 7.0 with appendfsync everysec syncs only what it has written since the last
// sync, and after a failed one it accepts no writes. Such a node is restarted.
func (d *diskError) Heal(ctx context.Context) (string, error) {
	if err := errors.Join(d.set(disk.Behaviour{}), d.keepDown(false)); err != nil {
		return "", err
	}
	seen, err := d.heal(ctx)
	for _, t := range d.targets {
		if err != nil {
			return "", err
		}
		patient, cancel := context.WithTimeout(ctx, recovery)
		refused := d.Cluster.AwaitAnswer(patient, t.Node)
		cancel()
		if refused != nil && ctx.Err() == nil {
			seen += fmt.Sprintf("; %s was restarted, because on the working disk it still answered %v", t.Node, refused)
			err = d.restart(ctx, t.Node)
		}
	}
	return seen, err
}

// restart ends a node that refuses commands, and waits until it answers.
func (d *diskError) restart(ctx context.Context, node string) error {
	p, err := d.Cluster.Process(node)
	if err != nil {
		return err
	}
	if err := p.Kill(); err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		return fmt.Errorf("process %d of %s does not end: %w", p.PID(), node, context.Cause(ctx))
	}
	// It need not wait for its supervisor's delay.
	if err := d.Cluster.KeepDown(node, false); err != nil {
		return err
	}
	if _, err := d.Cluster.AwaitNext(ctx, node, p); err != nil {
		return err
	}
	return d.Cluster.AwaitAnswer(ctx, node)
}
