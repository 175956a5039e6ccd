package local

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// endGroup waits until the leader of a process group has ended, and ends the
// rest of it. The leader is not reaped yet, so that its number cannot have been
// given to anybody else.
func endGroup(leader int) {
	for errors.Is(unix.Waitid(unix.P_PID, leader, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
	_ = unix.Kill(-leader, unix.SIGKILL) // ESRCH: nothing was left
}
