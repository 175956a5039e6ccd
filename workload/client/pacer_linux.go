package client

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// pacer waits for points in time. Go's own timers wake half a millisecond late
// and more, because the runtime's poller waits in whole milliseconds; the kernel
// does it within tens of microseconds on a thread that asks for it.
type pacer struct{ start time.Time }

func newPacer(start time.Time) *pacer {
	runtime.LockOSThread()
	// Best effort: the default slack of 50 µs does no great harm.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return &pacer{start}
}

func (p *pacer) close() { runtime.UnlockOSThread() }

// slice bounds one sleep, so that a stop is noticed.
const slice = 50 * time.Millisecond

// wait returns at an offset from the start; false if it was stopped before.
func (p *pacer) wait(at time.Duration, stop, done <-chan struct{}) bool {
	for {
		select {
		case <-stop:
			return false
		case <-done:
			return false
		default:
		}
		left := at - time.Since(p.start)
		if left <= 0 {
			return true
		}
		ts := unix.NsecToTimespec(int64(min(left, slice)))
		_ = unix.Nanosleep(&ts, nil) // EINTR: the loop looks again
	}
}
