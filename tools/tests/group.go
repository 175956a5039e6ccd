package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// group are packages of one module that one go test runs, in the processors' idle time alone
// if idle.
type group struct {
	dir  string
	idle bool
	// waits says that tests of these packages wait for processes, so that a busy machine may
	// fail them.
	waits          bool
	args, packages []string
}

// compile fills the build cache with what the tests need, so that no test runs beside the
// compiler. Errors are left to go test, which says more.
func (g group) compile(ctx context.Context) {
	args := []string{"list", "-export", "-test"}
	for _, a := range g.args {
		if a == "-race" || strings.HasPrefix(a, "-gcflags=") || strings.HasPrefix(a, "-tags=") {
			args = append(args, a)
		}
	}
	_ = g.command(ctx, append(args, g.packages...)).Run()
}

// command is the go command in the group's folder.
func (g group) command(ctx context.Context, args []string) *exec.Cmd {
	words := append([]string{"go"}, args...)
	if g.idle {
		words = append(idle(), words...)
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = g.dir
	if slices.Contains(g.args, "-race") {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
	return cmd
}

// idle is the command before one that takes only what others leave over. A nice process still
// takes its turn before one that wakes up, which an idle one of Linux does not.
func idle() []string {
	if _, err := exec.LookPath("chrt"); err == nil {
		return []string{"chrt", "--idle", "0"}
	}
	return []string{"nice", "-n", "19"}
}

// quick is go test without what costs time and finds nothing here: the symbols for a
// debugger, and go vet, which is a check of its own.
var quick = []string{"test", "-json", "-vet=off", "-ldflags=-s -w"}

// run runs go test and hands its events to the collector. Tests that failed are no error
// here: the collector counts them.
func (g group) run(ctx context.Context, c *collector) error {
	cmd := g.command(ctx, slices.Concat(quick, g.args, g.packages))
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	seen, failed := 0, c.failed()
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			c.text(bytes.TrimRight(line, "\n"))
			continue
		}
		seen++
		e.group = &g
		c.take(e)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && seen > 0 && c.failed() > failed && ctx.Err() == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("go test in %s: %w", g.dir, err)
	}
	return nil
}
