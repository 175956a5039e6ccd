// Package main measures slotstorm's clients side by side with redis-benchmark
// and memtier_benchmark: the processor time that a request costs the client, and
// the throughput.
//
//	cases ─▶ servers (own, pinned) ─▶ prefill ─▶ calibration
//	      ─▶ rounds: tool A, B, C, D, A, B, ... (each a pinned child) ─▶ runs
//	runs ─▶ medians, spreads, ratios by round ─▶ Markdown table, benchstat lines
//
// With -pacing it measures instead how evenly the clients send at a rate, by the
// kernel's timestamps of their packets.
//
// Only percentiles come from the tools themselves. Processor time is the kernel's
// account of the child; throughput is the servers' count between a tenth and nine
// tenths of the run, which leaves the start and the end out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	c, err := parseFlags(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "peers-")
	if err != nil {
		return fmt.Errorf("making a folder for the servers: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	m, err := describeMachine(ctx, c, args)
	if err != nil {
		return err
	}
	if c.pacing {
		return writeTo(c.out, func(w io.Writer) error { return measurePacing(ctx, c, dir, w) })
	}
	runs, err := measure(ctx, c, dir)
	if err != nil {
		return err
	}
	if c.raw != "" {
		if err := writeTo(c.raw, func(w io.Writer) error { return writeRaw(w, m, runs) }); err != nil {
			return fmt.Errorf("writing benchmark lines: %w", err)
		}
	}
	return writeTo(c.out, func(w io.Writer) error { return writeTable(w, c, m, runs) })
}

// writeTo writes to a file, or to standard output if it has no name.
func writeTo(name string, write func(io.Writer) error) error {
	if name == "" {
		return write(os.Stdout)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
