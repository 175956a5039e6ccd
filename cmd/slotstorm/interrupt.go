package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"
)

// abruptGrace is how long an abrupt end may take before the process exits anyway.
const abruptGrace = 2 * time.Second

// catcher receives signals that ask for an end. It hands each one to the verbs that have
// subscribed, or ends the process if there are none.
type catcher struct {
	// exit ends the process.
	exit   func()
	mu     sync.Mutex
	takers []chan os.Signal
}

// catch starts to receive signals. Signals that were ignored when the process started stay
// ignored: nohup ignores SIGHUP, and a shell without job control ignores SIGINT and
// SIGQUIT for its background processes.
func catch() *catcher {
	c := &catcher{exit: func() { os.Exit(int(exitInterrupted)) }}
	caught := make(chan os.Signal, 4)
	notify(caught)
	go c.pass(caught)
	// A pipe without a reader is a write error. By default SIGPIPE would end the process
	// and leave a fault active. By default SIGQUIT would be a crash, even if it is ignored
	// above.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGQUIT)
	return c
}

// pass hands signals to those who have subscribed by then. All signals take this one way:
// with a channel of its own for each subscriber, a signal that arrives just before the
// subscription and is read just after it would reach neither.
func (c *catcher) pass(caught <-chan os.Signal) {
	for s := range caught {
		c.mu.Lock()
		if len(c.takers) == 0 {
			c.exit()
		}
		for _, own := range c.takers {
			select {
			case own <- s:
			default: // as many as a verb distinguishes are waiting
			}
		}
		c.mu.Unlock()
	}
}

// notify sends the signals that ask for an end to c: Ctrl-C and Ctrl-\, SIGTERM, and
// SIGHUP of a terminal that hangs up. Shells ignore SIGQUIT whenever they ignore SIGINT,
// and Go reports only whether SIGINT is ignored.
func notify(c chan<- os.Signal) {
	signal.Notify(c, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(c, syscall.SIGHUP)
	}
	if !signal.Ignored(os.Interrupt) {
		signal.Notify(c, os.Interrupt, syscall.SIGQUIT)
	}
}

// take subscribes the caller to the signals, until it calls release. A signal that it has
// not read by then counts as one that arrives later.
func (c *catcher) take() (caught <-chan os.Signal, release func()) {
	own := make(chan os.Signal, 4)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.takers = append(c.takers, own)
	return own, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.takers = slices.DeleteFunc(c.takers, func(taker chan os.Signal) bool { return taker == own })
		if len(c.takers) == 0 && len(own) > 0 {
			c.exit()
		}
	}
}

// stoppingRun is the work that an interrupted run still does.
const stoppingRun = "undoing faults and collecting the logs of the nodes"

// brake stops a verb on signals. The first signal closes stop, and prints doing, the work
// that the verb still does. The second cancels the context, which ends the verb at once.
// release unsubscribes from the signals.
func (p *program) brake(parent context.Context, doing string) (ctx context.Context, stop <-chan struct{}, release func()) {
	ctx, cancel := context.WithCancel(parent)
	caught, restore := p.signals()
	gentle, done := make(chan struct{}), make(chan struct{})
	go func() {
		select {
		case <-caught:
		case <-done:
			return
		}
		fmt.Fprintln(p.err, "stopping: "+doing+"; press Ctrl-C again to exit at once")
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

// abrupt returns a context that the first signal cancels.
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
