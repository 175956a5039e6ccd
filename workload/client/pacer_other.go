//go:build !linux

package client

import "time"

// pacer waits for points in time by the runtime's own timers.
type pacer struct{ start time.Time }

func newPacer(start time.Time) *pacer { return &pacer{start} }

func (p *pacer) close() {}

// wait returns at an offset from the start; false if it was stopped before.
func (p *pacer) wait(at time.Duration, stop, done <-chan struct{}) bool {
	select {
	case <-stop:
		return false
	case <-done:
		return false
	case <-time.After(at - time.Since(p.start)):
		return true
	}
}
