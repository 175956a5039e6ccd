package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Spec is a process to start.
type Spec struct {
	Path string
	Args []string
	Dir  string
	// Env is the whole environment: nothing is inherited.
	Env []string
	// Output takes what it writes to stdout and stderr.
	Output io.Writer
	// Input is what it reads from standard input.
	Input []byte
	// Secret is a file that it inherits; nil is none.
	Secret *Secret
	// Started, if not nil, learns who the process is, before it gets any of Input. An
	// error ends the process.
	Started func(Identity) error
}

// Process is a started process. It leads a process group, which ends with it.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	exit string
}

// Host starts processes so that none outlives this one, even where no PID
// namespace takes care of it.
type Host struct {
	work chan func()
}

// NewHost opens a host. Processes end when this program does; Close only
// releases its thread.
func NewHost() *Host {
	h := &Host{work: make(chan func())}
	go func() {
		// A child's parent-death signal follows the thread that made it: all
		// are made on one thread that lives until Close. It is never unlocked,
		// so that the thread ends with the goroutine.
		runtime.LockOSThread()
		for f := range h.work {
			f()
		}
	}()
	return h
}

// Close releases the host. Processes still running are ended by the kernel.
func (h *Host) Close() { close(h.work) }

// Start starts a process.
func (h *Host) Start(s Spec) (*Process, error) {
	cmd := exec.Command(s.Path, s.Args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.Dir, s.Env, s.Output, s.Output
	cmd.SysProcAttr = childAttributes()
	if s.Secret != nil && s.Secret.file != nil {
		cmd.ExtraFiles = []*os.File{s.Secret.file}
	}
	in, feed, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", s.Path, err)
	}
	cmd.Stdin = in
	started := make(chan error)
	h.work <- func() { started <- cmd.Start() }
	err = <-started
	in.Close()
	if err != nil {
		feed.Close()
		return nil, fmt.Errorf("starting %s: %w", s.Path, err)
	}
	// It is not reaped yet: its number is its own.
	unknown := announce(cmd.Process.Pid, s.Started)
	p := &Process{cmd: cmd, done: make(chan struct{})}
	go func() {
		// A child that it forked (a snapshot, an AOF rewrite) must not write on after
		// it: a container's processes end with its first one too.
		endGroup(cmd.Process.Pid)
		p.exit = describe(cmd.Wait())
		close(p.done)
	}()
	if unknown != nil {
		err := errors.Join(fmt.Errorf("starting %s: %w", s.Path, unknown), p.Kill())
		<-p.done
		feed.Close()
		return nil, err
	}
	go func() {
		// One that does not read, or has ended, says so elsewhere.
		_, _ = feed.Write(s.Input)
		feed.Close()
	}()
	return p, nil
}

// announce gives started who a process is.
func announce(pid int, started func(Identity) error) error {
	if started == nil {
		return nil
	}
	id, err := Identify(pid)
	if err != nil {
		return err
	}
	return started(id)
}

func describe(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return "ended by " + signalName(status.Signal())
		}
		return fmt.Sprintf("exited with code %d", exit.ExitCode())
	}
	if err != nil {
		return err.Error()
	}
	return "exited with code 0"
}

func signalName(s syscall.Signal) string {
	switch s {
	case syscall.SIGKILL:
		return "SIGKILL"
	case syscall.SIGTERM:
		return "SIGTERM"
	}
	return s.String()
}

// PID is the process' number in this namespace.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit says how it ended: "ended by SIGKILL", "exited with code 1". It is valid
// once Done is closed.
func (p *Process) Exit() string { return p.exit }

// Kill ends the process by SIGKILL. One that has ended already is no error.
func (p *Process) Kill() error {
	if err := p.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Signal sends a signal to the process alone.
func (p *Process) Signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("sending %s to process %d: %w", signalName(s), p.PID(), err)
	}
	return nil
}

// Stopped reports whether a signal has stopped the process.
func (p *Process) Stopped() (bool, error) { return Stopped(p.PID()) }
