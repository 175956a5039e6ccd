package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
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

// Stopped reports whether a signal has stopped a process: state T of /proc/PID/stat
// (proc(5)).
func Stopped(pid int) (bool, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false, fmt.Errorf("reading the state of process %d: %w", pid, err)
	}
	// The name before the state is in parentheses and may hold any character.
	_, rest, ok := strings.Cut(string(raw[bytes.LastIndexByte(raw, ')')+1:]), " ")
	if !ok || rest == "" {
		return false, fmt.Errorf("reading the state of process %d: %q", pid, raw)
	}
	return rest[0] == 'T', nil
}
