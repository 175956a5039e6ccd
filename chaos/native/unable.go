package native

import (
	"errors"
	"fmt"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Faults that a scenario can state and this engine cannot inject yet, each with the
// reason.

func localSlowDisk() localFault {
	return localFault{kind: new(scenarios.SlowDisk).Name(), able: func(local.Room) error {
		return errors.New("slow disks need dm-delay or a file system in user space, and the sealed room has neither")
	}}
}

func localDelay() localFault {
	kind := new(scenarios.Delay).Name()
	return localFault{kind: kind, able: func(room local.Room) error {
		if !room.Sealed {
			return fmt.Errorf("packets can be delayed only in a sealed room, and this is %s", room)
		}
		if err := local.TryNetem(); err != nil {
			return fmt.Errorf("the kernel cannot delay packets (sch_netem): %w", err)
		}
		return fmt.Errorf("this version of slotstorm cannot do %s on this machine", kind)
	}}
}

func podDelay() podFault {
	return podFault{kind: new(scenarios.Delay).Name(), able: func(scenarios.Fault) error {
		return errors.New("slotstorm itself cannot delay packets between pods")
	}}
}

func podDiskFull() podFault {
	return podFault{kind: new(scenarios.DiskFull).Name(), able: func(scenarios.Fault) error {
		return errors.New("many kinds of volumes have no size of their own: filling one would fill its machine's disk")
	}}
}
