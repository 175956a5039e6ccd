package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"time"
)

// config is what the flags and PATH give.
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

func parseFlags(args []string) (config, error) {
	c := config{progress: os.Stderr}
	f := flag.NewFlagSet("peers", flag.ContinueOnError)
	f.StringVar(&c.slotstorm, "slotstorm", "bin/slotstorm", "the slotstorm `binary` to measure")
	f.IntVar(&c.rounds, "rounds", 5, "run every tool `N` times in every case, alternating between the tools")
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
