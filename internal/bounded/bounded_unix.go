//go:build unix

package bounded

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// open opens path for reading, and does not wait for the writer of a pipe.
func open(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) }

// await waits until f has data or an end, at most for d. A pipe that never had a
// writer has neither.
func await(f *os.File, d time.Duration) (ready bool, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return false, err
	}
	failed := raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		var n int
		if n, err = unix.Poll(fds, int(d.Milliseconds())); errors.Is(err, unix.EINTR) {
			err = nil
		}
		ready = n > 0
	})
	return ready, errors.Join(failed, err)
}
