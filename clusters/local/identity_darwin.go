package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Identify gives the identity of a process. It must not have been reaped.
func Identify(pid int) (Identity, error) {
	boot, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return Identity{}, fmt.Errorf("reading the boot session: %w", err)
	}
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return Identity{}, fmt.Errorf("identifying process %d: %w", pid, err)
	}
	at := info.Proc.P_starttime
	return Identity{PID: pid, Start: uint64(at.Sec)*1e6 + uint64(at.Usec), Boot: boot, UID: int(info.Eproc.Pcred.P_ruid)}, nil
}

// End ends a process and the group that it leads, if number, start, boot and user are
// those of the record. It gives the processes that it ended; none if the recorded
// one is gone. There are no pidfds here: the process is looked at right before the
// signal. An error that is ErrUnsure says that a process which might be it was left
// alone.
func End(ctx context.Context, id Identity, _ string) ([]int, error) {
	if err := id.valid(); err != nil {
		return nil, err
	}
	if id.UID != os.Geteuid() {
		return nil, id.unsure("it runs as user %d, and this is user %d: recover the run as its user", id.UID, os.Geteuid())
	}
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	var ended []int
	for {
		now, err := Identify(id.PID)
		if errors.Is(err, unix.EIO) || errors.Is(err, unix.ESRCH) || err == nil && now != id {
			return ended, nil // an empty answer is EIO
		}
		if err != nil {
			return ended, id.unsure("it cannot be looked at: %v", err)
		}
		if len(ended) == 0 {
			if err := syscall.Kill(-id.PID, syscall.SIGKILL); err != nil {
				return nil, id.unsure("the kernel refuses the signal: %v", err)
			}
			ended = append(ended, id.PID)
		}
		select {
		case <-ctx.Done():
			return nil, id.unsure("it does not end after SIGKILL")
		case <-t.C:
		}
	}
}
