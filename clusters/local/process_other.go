//go:build !linux

package local

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// childAttributes has no parent-death signal to give here: a run that is killed
// by SIGKILL leaves its nodes behind, and doctor says so.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// endGroup does nothing: without waitid's WNOWAIT the group's number may be
// somebody else's by the time it could be used.
func endGroup(int) {}

// Stopped reports whether a signal has stopped a process, as ps says.
func Stopped(pid int) (bool, error) {
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return false, fmt.Errorf("asking ps for the state of process %d: %w", pid, err)
	}
	return strings.HasPrefix(strings.TrimSpace(string(out)), "T"), nil
}
