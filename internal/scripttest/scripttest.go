// Package scripttest writes shell scripts that stand in for programs in tests.
package scripttest

import (
	"os"
	"syscall"
	"testing"
)

// Write makes path a program: a shell script of these lines.
func Write(t testing.TB, path, lines string) {
	t.Helper()
	// A program that another test starts meanwhile would inherit the open file, and the
	// kernel starts no file that somebody may write.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
