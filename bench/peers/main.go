// Package main measures slotstorm's clients side by side with redis-benchmark
// and memtier_benchmark: what a request costs the client in processor time, and
// how many get through.
//
//	cases ─▶ servers (own, pinned) ─▶ prefill ─▶ calibration
//	      ─▶ rounds: tool A, B, C, D, A, B, ... (each a pinned child) ─▶ runs
//	runs ─▶ medians, spreads, ratios by round ─▶ Markdown table, benchstat lines
//
// With -pacing it watches instead how evenly the clients send at a rate, by the
// times that the kernel gives their packets.
//
// What a tool says of itself is taken for percentiles only. Processor time is
// the kernel's account of the child; throughput is what the servers counted
// between a tenth and nine tenths of the run, so that starting up and ending
// are outside of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

type config struct {
	slotstorm             string
	rounds, retries       int
	cases                 *regexp.Regexp
	length                time.Duration
	limit                 float64
	clientCPU, serverCPU  string
	out, raw              string
	redisServer, memtier  string
	redisBenchmark, tasks string
	pacing                bool
	progress              io.Writer
}

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

func parseFlags(args []string) (config, error) {
	c := config{progress: os.Stderr}
	f := flag.NewFlagSet("peers", flag.ContinueOnError)
	f.StringVar(&c.slotstorm, "slotstorm", "bin/slotstorm", "the slotstorm `binary` to measure")
	f.IntVar(&c.rounds, "rounds", 5, "run every tool `N` times in every case, by turns")
	f.IntVar(&c.retries, "retries", 3, "repeat a noisy run at most `N` times")
	f.Float64Var(&c.limit, "limit", 2, "a run is noisy if others took more than `PERCENT` of the machine")
	f.DurationVar(&c.length, "length", 2500*time.Millisecond, "let a run take about this `long`")
	f.StringVar(&c.clientCPU, "client-cpu", "1", "pin clients to `CPU`")
	f.StringVar(&c.serverCPU, "server-cpu", "0", "pin servers to `CPU`")
	f.StringVar(&c.out, "o", "", "write the table to `FILE`, not to standard output")
	f.StringVar(&c.raw, "raw", "", "write every run to `FILE` for benchstat")
	f.BoolVar(&c.pacing, "pacing", false, "watch when requests leave at a rate, instead of what they cost (as root)")
	pattern := f.String("cases", "", "measure only cases whose name matches `REGEXP`")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	if f.NArg() > 0 || c.rounds < 1 || c.retries < 0 || c.length < time.Second {
		return c, errors.New("need -rounds of 1 or more, -retries of 0 or more, a -length of 1s or more and no arguments")
	}
	var err error
	if c.cases, err = regexp.Compile(*pattern); err != nil {
		return c, fmt.Errorf("-cases: %w", err)
	}
	for name, path := range map[string]*string{
		c.slotstorm: &c.slotstorm, "redis-server": &c.redisServer, "redis-benchmark": &c.redisBenchmark, "taskset": &c.tasks,
	} {
		if *path, err = exec.LookPath(name); err != nil {
			return c, fmt.Errorf("needed for measuring: %w", err)
		}
	}
	if c.memtier, err = exec.LookPath("memtier_benchmark"); err != nil {
		fmt.Fprintln(c.progress, "memtier_benchmark is not on PATH: measuring without it")
	}
	return c, nil
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
