package native

import (
	"context"
	"errors"
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
	return chaos.Choice{Targets: targets, Why: why + measured}, err
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

// Heal mends the disks before nodes start on them.
func (d *diskError) Heal(ctx context.Context) (string, error) {
	if err := errors.Join(d.set(disk.Behaviour{}), d.keepDown(false)); err != nil {
		return "", err
	}
	return d.badDisks.Heal(ctx)
}
