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

// diskFull fills the volumes of nodes, each a file system of its own, and keeps
// them full.
type diskFull struct {
	Local
	spec    scenarios.DiskFull
	random  *rand.Rand
	targets []chaos.Target
	volumes []string
}

func localDiskFull() localFault {
	able := func(room local.Room) error {
		if !room.Sealed {
			return fmt.Errorf("volumes with a size of their own can be made only in a sealed room, and this is %s", room)
		}
		return nil
	}
	return localFault{kind: new(scenarios.DiskFull).Name(), able: able, action: func(e Local, in chaos.Injection, random *rand.Rand) chaos.Action {
		return &diskFull{Local: e, spec: *in.Fault.DiskFull, random: random}
	}}
}

func (d *diskFull) Check(_ context.Context, roles []deployer.Role) (chaos.Choice, error) {
	targets, why, err := d.Aim.Choose(roles, d.spec.Target, d.random)
	if err != nil {
		return chaos.Choice{}, err
	}
	d.targets = targets
	for _, t := range targets {
		volume, err := d.Cluster.Volume(t.Node)
		if err != nil {
			return chaos.Choice{}, err
		}
		free, err := local.FreeSpace(volume)
		if err != nil {
			return chaos.Choice{}, err
		}
		why += fmt.Sprintf("; %s has %d KiB left", t.Node, free>>10)
		d.volumes = append(d.volumes, volume)
	}
	return chaos.Choice{Targets: targets, Why: why}, nil
}

func (d *diskFull) Inject(context.Context) (time.Time, error) {
	at := time.Now()
	for _, v := range d.volumes {
		if err := local.FillVolume(v); err != nil {
			return at, err
		}
	}
	return at, nil
}

func (d *diskFull) Prove(ctx context.Context) (string, error) {
	if err := d.InForce(ctx); err != nil {
		return "", err
	}
	var seen []string
	for _, t := range d.targets {
		seen = append(seen, "the volume of "+t.Node+" has no byte left")
	}
	return strings.Join(seen, "; "), nil
}

// InForce looks at each volume. What a node deletes makes room; whatever has filled
// a disk fills that as well.
func (d *diskFull) InForce(context.Context) error {
	for i, v := range d.volumes {
		free, err := local.FreeSpace(v)
		if err == nil && free > 0 {
			err = local.FillVolume(v)
		}
		if err != nil {
			return err
		}
		if free, err = local.FreeSpace(v); err != nil || free > 0 {
			return errors.Join(fmt.Errorf("the volume of %s has %d bytes left", d.targets[i].Node, free), err)
		}
	}
	return nil
}

func (d *diskFull) Heal(ctx context.Context) (string, error) {
	var errs []error
	for _, v := range d.volumes {
		errs = append(errs, local.EmptyVolume(v))
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	var seen []string
	for i, t := range d.targets {
		if err := d.Cluster.AwaitAnswer(ctx, t.Node); err != nil {
			return "", err
		}
		free, err := local.FreeSpace(d.volumes[i])
		if err != nil {
			return "", err
		}
		seen = append(seen, fmt.Sprintf("the volume of %s has %d KiB left, and it answers", t.Node, free>>10))
	}
	return strings.Join(seen, "; "), nil
}
