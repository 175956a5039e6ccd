package runner

import (
	"context"
	"sync"
)

// untilStopped gives a context that a gentle stop ends, for steps after which
// nothing needs to be healed.
func untilStopped(parent context.Context, stop <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// halt ends a run gently: because the user stops it, or because another run has taken its
// cluster.
type halt struct {
	done chan struct{}
	once sync.Once
	// why counts once done is closed.
	why string
}

// newHalt passes the user's stop on until release.
func newHalt(stop <-chan struct{}) (h *halt, release func()) {
	h = &halt{done: make(chan struct{})}
	over := make(chan struct{})
	go func() {
		select {
		case <-stop:
			h.end("stopped by a signal")
		case <-over:
		}
	}()
	return h, func() { close(over) }
}

// end ends the run; the first reason counts.
func (h *halt) end(why string) { h.once.Do(func() { h.why = why; close(h.done) }) }

// lost ends the run because its cluster is another run's.
func (h *halt) lost(err error) { h.end(err.Error()) }
