// Command tests runs the tests of slotstorm: packages with goroutines (with -race under the
// race detector) beside those without, and the tests of the nested modules as well. It prints a line for each package, the whole output of each test that
// failed, and at the end the packages and tests that took longest.
//
//	tests [-unraced FILE] [-short] [-race] [-modules] [-timed DIRS] [-again] [-v] [-slowest N] [-tags TAGS] [-timeout D] [-run RE] [-count N]
//	      [-parallel N] [PACKAGE ...]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	flag.StringVar(&o.unraced, "unraced", "", "`file` of packages without goroutines, which run without -race and -short")
	flag.BoolVar(&o.short, "short", false, "leave tests that take long out")
	flag.BoolVar(&o.race, "race", false, "run packages with goroutines with the race detector")
	flag.BoolVar(&o.modules, "modules", false, "run the tests of nested modules as well")
	flag.Func("timed", "`folders`, separated by spaces, of the packages whose tests wait for real servers: they run one after the other in this order, and the others in the time that they leave over", func(v string) error {
		o.timed = strings.Fields(v)
		return nil
	})
	flag.BoolVar(&o.again, "again", false, "run tests that failed, and wait for processes, once more, alone: one that then passes is listed as unsteady, and does not fail the run")
	flag.BoolVar(&o.verbose, "v", false, "print a line for each test")
	flag.IntVar(&o.slowest, "slowest", 8, "packages and tests to list at the end")
	for _, name := range []string{"tags", "timeout", "run", "count", "parallel"} {
		flag.Func(name, "as go test has it", func(v string) error {
			o.test = append(o.test, "-"+name+"="+v)
			return nil
		})
	}
	flag.Parse()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "tests:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, patterns []string) error {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	groups, err := plan(ctx, o, patterns)
	if err != nil {
		return err
	}
	c := newCollector(os.Stdout, o.verbose)
	results := make(chan error)
	for _, g := range groups {
		g.compile(ctx)
	}
	for _, g := range groups {
		go func() { results <- g.run(ctx, c) }()
	}
	for range groups {
		err = errors.Join(err, <-results)
	}
	if o.again {
		err = errors.Join(err, c.again(ctx))
	}
	c.printSkipped()
	c.printSlowest(o.slowest)
	if failed := c.failed(); failed > 0 {
		return fmt.Errorf("%d packages failed", failed)
	}
	return err
}
