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
	started := make(chan error)
	h.work <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", s.Path, err)
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	go func() {
		// What it forked (a snapshot, an AOF rewrite) must not write on after
		// it: a container's processes end with its first one too.
		endGroup(cmd.Process.Pid)
		p.exit = describe(cmd.Wait())
		close(p.done)
	}()
	return p, nil
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

// Stopped tells whether a signal has stopped the process.
func (p *Process) Stopped() (bool, error) { return Stopped(p.PID()) }
