package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// abruptGrace is how long an abrupt end may take before the process exits
// without it.
const abruptGrace = 2 * time.Second

// catcher receives the requests to end. While nobody has taken them, one ends the
// process at once.
type catcher struct{ takers atomic.Int32 }

// catch begins to receive. What was ignored when the process began stays ignored:
// nohup does so with SIGHUP, and a shell without job control with SIGINT and
// SIGQUIT of what runs in its background.
func catch() *catcher {
	c := &catcher{}
	caught := make(chan os.Signal, 4)
	notify(caught)
	go func() {
		for range caught {
			if c.takers.Load() == 0 {
				os.Exit(int(exitInterrupted))
			}
		}
	}()
	// A pipe whose reader has gone is an error of writing. By default it would
	// end the process, and leave a fault in force. SIGQUIT is here for the case
	// that it is not a request to end: by default it would be a crash.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGQUIT)
	return c
}

// notify sends the requests to end to c: Ctrl-C and Ctrl-\, SIGTERM and a terminal
// that hangs up. Shells ignore SIGQUIT where they ignore SIGINT; Go reports that of
// SIGINT alone.
func notify(c chan<- os.Signal) {
	signal.Notify(c, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(c, syscall.SIGHUP)
	}
	if !signal.Ignored(os.Interrupt) {
		signal.Notify(c, os.Interrupt, syscall.SIGQUIT)
	}
}

// take gives the requests to end to the caller, until it calls release.
func (c *catcher) take() (caught <-chan os.Signal, release func()) {
	own := make(chan os.Signal, 4)
	// In this order: a signal in between ends the process, and is not lost.
	notify(own)
	c.takers.Add(1)
	return own, func() {
		c.takers.Add(-1)
		signal.Stop(own)
	}
}

// brake turns signals into ways to stop a run. The first signal closes stop,
// and says so; the second cancels the context, which ends the run at once.
// release gives the signals back.
func (p *program) brake(parent context.Context) (ctx context.Context, stop <-chan struct{}, release func()) {
	ctx, cancel := context.WithCancel(parent)
	caught, restore := p.signals()
	gentle, done := make(chan struct{}), make(chan struct{})
	go func() {
		select {
		case <-caught:
		case <-done:
			return
		}
		fmt.Fprintln(p.err, "stopping: healing faults and collecting evidence; press Ctrl-C again to exit at once")
		close(gentle)
		select {
		case <-caught:
		case <-done:
			return
		}
		cancel()
		timer := time.NewTimer(abruptGrace)
		defer timer.Stop()
		select {
		case <-caught:
		case <-timer.C:
		case <-done:
			return
		}
		p.err.Show("")
		p.exit(exitInterrupted)
	}()
	return ctx, gentle, func() {
		restore()
		close(done)
		cancel()
	}
}

// abrupt gives a context that the first signal ends, for what needs no gentle stop.
func (p *program) abrupt(parent context.Context) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancel(parent)
	caught, restore := p.signals()
	go func() {
		select {
		case <-caught:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() { restore(); cancel() }
}
