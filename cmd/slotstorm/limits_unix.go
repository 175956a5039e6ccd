//go:build unix

package main

import (
	"runtime/debug"
	"syscall"
)

// openFiles is the limit on open files; Go has raised the soft one to it.
func openFiles() (uint64, bool) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return uint64(l.Cur), true
}

// crashBySignal lets a crash end the process by SIGABRT. By default Go ends it with
// code 2, which says here that the command line is invalid and nothing was done. A
// core file would hold passwords, and fill the disk: there is none.
func crashBySignal() {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &l); err == nil {
		l.Cur = 0
		// What lowers a limit is not refused.
		_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &l)
	}
	debug.SetTraceback("crash")
}
