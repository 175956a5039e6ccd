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
	"syscall"
	"time"
)

// group are packages of one module that one go test runs.
type group struct {
	dir            string
	args, packages []string
}

// run runs go test and hands its events to the collector. Tests that failed are no error
// here: the collector counts them.
func (g group) run(ctx context.Context, c *collector) error {
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"test", "-json"}, g.args...), g.packages...)...)
	cmd.Dir = g.dir
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	if slices.Contains(g.args, "-race") {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	}
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
