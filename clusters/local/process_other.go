//go:build !linux

package local

import "syscall"

// childAttributes has no parent-death signal to give here: a run that is killed
// by SIGKILL leaves its nodes behind, and doctor says so.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// endGroup does nothing: without waitid's WNOWAIT the group's number may be
// somebody else's by the time it could be used.
func endGroup(int) {}
