package bounded

import (
	"fmt"
	"os"
	"regexp"
	"strconv"

	"golang.org/x/sys/unix"
)

// numbered matches the names of a process' own descriptors.
var numbered = regexp.MustCompile(`^(?:/dev/fd|/proc/self/fd)/(\d+)$`)

// putBack lets what was read from a descriptor of this process be read again:
// the descriptor becomes a file in memory. A run in the sealed room needs it,
// because the process inside reads the scenario that the one outside has read.
func putBack(path string, data []byte) error {
	if path == "/dev/stdin" {
		path = "/dev/fd/0"
	}
	match := numbered.FindStringSubmatch(path)
	if match == nil {
		return nil
	}
	number, err := strconv.Atoi(match[1])
	if err != nil {
		return nil // such a number names no descriptor
	}
	fd, err := unix.MemfdCreate("slotstorm", unix.MFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("keeping what was read from %s: %w", path, err)
	}
	f := os.NewFile(uintptr(fd), "slotstorm")
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("keeping what was read from %s: %w", path, err)
	}
	if _, err := f.Seek(0, 0); err != nil {
		return fmt.Errorf("keeping what was read from %s: %w", path, err)
	}
	if err := unix.Dup3(fd, number, 0); err != nil {
		return fmt.Errorf("keeping what was read from %s: %w", path, err)
	}
	return nil
}
