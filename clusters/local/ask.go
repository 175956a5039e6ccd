package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

const (
	// askLimit is how long Ask waits for a program, askOutput how many bytes of each
	// of its two streams it reads.
	askLimit  = 10 * time.Second
	askOutput = 64 << 10
	// askGrace is how long a stream may stay open after the program has ended.
	askGrace = time.Second
)

// Ask runs a program and gives what it writes to standard output. The program, with
// the group that it leads, is ended after 10 s, or once it has written more than
// 64 KiB. If it fails, the error holds the first line of standard error.
func Ask(ctx context.Context, name string, args ...string) (string, error) {
	return askFor(ctx, askLimit, name, args...)
}

func askFor(ctx context.Context, limit time.Duration, name string, args ...string) (string, error) {
	limited, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it did not end within %v", limit))
	defer cancel()
	ctx, stop := context.WithCancelCause(limited)
	defer stop(nil)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// The leader is not reaped yet when this is called: its number is its own.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = askGrace
	out, errs := &bounded{stop: stop}, &bounded{stop: stop}
	cmd.Stdout, cmd.Stderr = out, errs
	err := cmd.Start()
	if err == nil {
		endGroup(cmd.Process.Pid)
		err = cmd.Wait()
	}
	switch cause := context.Cause(ctx); {
	case cause != nil:
		err = cause
	case err != nil:
		if first, _, _ := bytes.Cut(bytes.TrimSpace(errs.text.Bytes()), []byte("\n")); len(first) > 0 {
			err = errors.New(string(first))
		}
	}
	return out.text.String(), err
}

// bounded keeps what is written, up to askOutput bytes, and then calls stop.
type bounded struct {
	text bytes.Buffer
	stop context.CancelCauseFunc
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > askOutput {
		b.stop(fmt.Errorf("it wrote more than %d KiB", askOutput>>10))
		return 0, errors.New("too much output")
	}
	return b.text.Write(p)
}
