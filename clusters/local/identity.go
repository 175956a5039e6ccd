package local

import (
	"errors"
	"fmt"
)

// Identity distinguishes a process from every other one, also from a later one with
// the same number.
type Identity struct {
	PID int
	// Start is when it began: in clock ticks since boot on Linux (field 22 of
	// /proc/PID/stat, proc(5)), in microseconds since 1970 on macOS.
	Start uint64
	// Boot is the boot of the machine that it runs in.
	Boot string
	// Namespace is the namespace of process numbers that PID counts in, on Linux.
	Namespace string
	// UID is the user that it runs as.
	UID int
}

// ErrUnsure marks a process that might be the recorded one and was not ended,
// because that could not be proved.
var ErrUnsure = errors.New("not ended")

// unsure says why a process was not ended, and what the user can do.
func (id Identity) unsure(format string, args ...any) error {
	return fmt.Errorf("process %d: %w: %s; look at it with 'ps -o pid,lstart,user,args -p %d' and end it if it is a node of the run", id.PID, ErrUnsure, fmt.Sprintf(format, args...), id.PID)
}

// valid refuses what no process of a run can be.
func (id Identity) valid() error {
	if id.PID <= 1 || id.Start == 0 || id.Boot == "" {
		return fmt.Errorf("process %d: %w: its record is incomplete", id.PID, ErrUnsure)
	}
	return nil
}
