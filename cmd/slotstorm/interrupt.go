package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// abruptGrace is how long an abrupt end may take before the process exits
// without it.
const abruptGrace = 2 * time.Second

// signals listens for the requests to end: Ctrl-C, SIGTERM and a terminal that hangs up.
func signals() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
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
		fmt.Fprintln(p.err, "stopping gently: healing and collecting; press Ctrl-C again to exit at once")
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
		p.err.show("")
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
