package native

import (
	"errors"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Faults that a scenario can state and this engine cannot inject yet, each with the
// reason.

func podDelay() podFault { return unshaped(new(scenarios.Delay).Name()) }

func podLoss() podFault { return unshaped(new(scenarios.Loss).Name()) }

func podBandwidth() podFault { return unshaped(new(scenarios.Bandwidth).Name()) }

// unshaped are the kinds of faults that shape packets.
func unshaped(kind string) podFault {
	return podFault{kind: kind, able: func(scenarios.Fault) error {
		return errors.New("slotstorm shapes packets only in the sealed room of this machine, and not yet between pods")
	}}
}

func podDiskFull() podFault {
	return podFault{kind: new(scenarios.DiskFull).Name(), able: func(scenarios.Fault) error {
		return errors.New("many kinds of volumes have no size of their own: filling one would fill its machine's disk")
	}}
}

func podSlowDisk() podFault { return undisked(new(scenarios.SlowDisk).Name()) }

func podDiskError() podFault { return undisked(new(scenarios.DiskError).Name()) }

func podPowerLoss() podFault { return undisked(new(scenarios.PowerLoss).Name()) }

// undisked are the kinds of faults that need a file system of slotstorm's own under a volume.
func undisked(kind string) podFault {
	return podFault{kind: kind, able: func(scenarios.Fault) error {
		return errors.New("the volume of a pod belongs to Kubernetes, and slotstorm puts no file system of its own over it")
	}}
}
