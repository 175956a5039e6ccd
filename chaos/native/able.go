package native

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Able tells, before anything is deployed, which faults of a timeline cannot be
// injected on this machine, each with the reason. It tries what it can: only the
// kernel knows what it has.
func Able(room local.Room, t scenarios.Timeline) error {
	var errs []error
	for _, f := range t.Faults {
		if err := able(room, f.Action()); err != nil {
			errs = append(errs, fmt.Errorf("fault %s: %w", f.Name, err))
		}
	}
	return errors.Join(errs...)
}

func able(room local.Room, action string) error {
	switch action {
	case "kill", "pause", "failover":
		return nil
	case "partition", "isolate":
		return ableToCut(room)
	case "cpu", "memory":
		return local.CanPress()
	case "diskFull":
		if !room.Sealed {
			return fmt.Errorf("volumes of their own size can be made in a sealed room alone, and this is %s", room)
		}
		return nil
	case "slowDisk":
		return errors.New("slow disks take a device of their own (dm-delay) or a file system in user space, which no room here has")
	case "delay":
		if !room.Sealed {
			return fmt.Errorf("packets can be delayed in a sealed room alone, and this is %s", room)
		}
		if err := local.TryNetem(); err != nil {
			return fmt.Errorf("the kernel cannot delay packets (sch_netem): %w", err)
		}
	}
	return fmt.Errorf("this version of slotstorm cannot do %s on this machine", action)
}

// ableToCut cuts an address that nobody has, and mends it.
func ableToCut(room local.Room) error {
	if !room.Sealed {
		return fmt.Errorf("the network can be cut in a sealed room alone, and this is %s", room)
	}
	nobody := []netip.Addr{netip.AddrFrom4([4]byte{127, 255, 255, 254})}
	err := local.Cut("check", []local.Rule{{From: nobody, To: nobody, Do: local.Drop}}, 0)
	return errors.Join(err, local.Mend("check"))
}
