package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// done is what one child did.
type done struct {
	answer
	cpu  time.Duration
	rate float64
}

// bench is what runs take place on.
type bench struct {
	config
	*servers
	// report is a file for tools that write one.
	report string
}

// waitLimit is for pipes that outlive a killed child.
const waitLimit = time.Second

// ownLimit is slotstorm's exit code for "the generator was the limit".
const ownLimit = 5

// child runs a command line on the clients' processor.
func (b *bench) child(ctx context.Context, line []string) (stdout []byte, cpu time.Duration, err error) {
	cmd := exec.CommandContext(ctx, b.tasks, append([]string{"--cpu-list", b.clientCPU}, line...)...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &complaint, waitLimit
	// slotstorm's own verdict on its punctuality does not count here: the processor
	// time of others is measured, and noisy rounds are marked.
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != ownLimit {
		if ctx.Err() != nil {
			return nil, 0, context.Cause(ctx)
		}
		return nil, 0, fmt.Errorf("%s: %w: %s", strings.Join(named(line), " "), err, tail(complaint.String()))
	}
	return out.Bytes(), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// tail is the end of what a program complained about.
func tail(s string) string {
	const most = 500
	s = strings.TrimSpace(s)
	return s[max(len(s)-most, 0):]
}

// named is a command line without the folder of its program.
func named(line []string) []string {
	return append([]string{filepath.Base(line[0])}, line[1:]...)
}

// Bounds of the checks that a child did what it says.
const (
	missLimit      = 0.01
	countTolerance = 0.02
	ownPerClient   = 10 // commands of a connection's own: HELLO, CLUSTER SLOTS
)

// drive runs one child of a tool and reads all that is known of it.
func (b *bench) drive(ctx context.Context, c benchCase, t tool, line []string, a amount) (done, error) {
	first, err := b.sample(ctx)
	if err != nil {
		return done{}, err
	}
	var list []sample
	var watchErr error
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		list, watchErr = b.watch(ctx, first, stop)
	}()
	start := time.Now()
	stdout, cpu, err := b.child(ctx, line)
	life := time.Since(start)
	close(stop)
	<-watched
	if err := errors.Join(err, watchErr); err != nil {
		return done{}, err
	}
	said, err := t.read(stdout, b.report, a)
	if err != nil {
		return done{}, fmt.Errorf("%s: %w", t.name, err)
	}
	if err := check(c, said.requests, first, list[len(list)-1]); err != nil {
		return done{}, fmt.Errorf("%s: %w", t.name, err)
	}
	d := done{said, cpu, rate(list)}
	if d.rate == 0 { // too short to sample
		d.rate = float64(d.requests) / life.Seconds()
	}
	return d, nil
}

// check compares what a tool says that it did with what the servers saw.
func check(c benchCase, requests int, first, last sample) error {
	seen := last.commands - first.commands
	off := max(seen-int64(requests), int64(requests)-seen)
	if float64(off) > countTolerance*float64(requests)+float64(ownPerClient*c.inAll()) {
		return fmt.Errorf("it says that it made %d requests, and the servers counted %d", requests, seen)
	}
	hits, misses := last.hits-first.hits, last.misses-first.misses
	if float64(misses) > missLimit*float64(hits+misses) {
		return fmt.Errorf("%d of its %d reads found nothing: the prefill was not for its keys", misses, hits+misses)
	}
	return nil
}
