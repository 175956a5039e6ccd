//go:build unix

package main

import "syscall"

// openFiles is the limit on open files; Go has raised the soft one to it.
func openFiles() (uint64, bool) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return uint64(l.Cur), true
}
