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

// crashBySignal makes a crash end the process by SIGABRT. By default Go exits with code 2,
// which means here that the command line is invalid and nothing was started. Core files
// are disabled, because they would contain passwords and fill the disk.
func crashBySignal() {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &l); err == nil {
		l.Cur = 0
		// Lowering a limit cannot fail.
		_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &l)
	}
	debug.SetTraceback("crash")
}
