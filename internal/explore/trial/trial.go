// Package trial runs a scenario by slotstorm in a process of its own, so that a crash or a
// hang there does no harm here, and reports how that ended and what it left behind.
package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/internal/explore"
)

// Request is a run to make.
type Request struct {
	// Program is the slotstorm to run.
	Program string
	// Dir is a folder for this run alone. It is made.
	Dir string
	// Scenario is the YAML.
	Scenario []byte
	// Limit is how long the run may take.
	Limit time.Duration
	// Stop, when closed, ends the run early.
	Stop <-chan struct{}
}

// The files in the folder of a trial, beside the folder of the run.
const (
	ScenarioFile = "scenario.yaml"
	LogFile      = "run.log"
	tempDir      = "tmp"
)

// patience is how long a run may take to end once it was asked to, and how long its
// processes may take to be gone.
const (
	patience = 45 * time.Second
	fade     = 3 * time.Second
)

// Run makes the run. Its folder is in that of the trial. An error means that no run could
// be started; how a run ends is no error.
func Run(ctx context.Context, r Request) (explore.Ended, error) {
	dir, err := filepath.Abs(r.Dir)
	if err != nil {
		return explore.Ended{}, err
	}
	r.Dir = dir
	if err := os.MkdirAll(filepath.Join(dir, tempDir), 0o755); err != nil {
		return explore.Ended{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, ScenarioFile), r.Scenario, 0o644); err != nil {
		return explore.Ended{}, err
	}
	log, err := os.Create(filepath.Join(dir, LogFile))
	if err != nil {
		return explore.Ended{}, err
	}
	e := explore.Ended{Limit: r.Limit}
	began := time.Now()
	err = r.process(ctx, log, &e)
	e.Took = time.Since(began)
	if err = errors.Join(err, log.Close()); err != nil {
		return e, err
	}
	return e, r.look(&e)
}

// process starts the run and waits for its end.
func (r Request) process(ctx context.Context, log *os.File, e *explore.Ended) error {
	// The signal at the death of a parent follows the thread that made the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(r.Program, "run", filepath.Join(r.Dir, ScenarioFile), "--out", r.Dir, "--quiet")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "TMPDIR="+r.temp())
	cmd.SysProcAttr = attributes()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting a run: %w", err)
	}
	ended := make(chan struct{})
	minded := make(chan struct{})
	go func() {
		defer close(minded)
		r.mind(ctx, cmd, ended, e)
	}()
	err := cmd.Wait()
	close(ended)
	<-minded
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("waiting for a run: %w", err)
	}
	e.Code = cmd.ProcessState.ExitCode()
	return nil
}

// mind ends a run that takes too long, or is no longer wanted.
func (r Request) mind(ctx context.Context, cmd *exec.Cmd, ended <-chan struct{}, e *explore.Ended) {
	limit := time.NewTimer(r.Limit)
	defer limit.Stop()
	select {
	case <-ended:
		return
	case <-ctx.Done():
		e.Stopped = true
		_ = cmd.Process.Kill() // it may have ended meanwhile
		return
	case <-r.Stop:
		e.Stopped = true
	case <-limit.C:
		e.Hung = true
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	grace := time.NewTimer(patience)
	defer grace.Stop()
	select {
	case <-ended:
		return
	case <-ctx.Done():
	case <-grace.C:
	}
	_ = cmd.Process.Kill()
}

func (r Request) temp() string { return filepath.Join(r.Dir, tempDir) }

// look reads what the run wrote and finds what it left behind.
func (r Request) look(e *explore.Ended) error {
	raw, err := os.ReadFile(filepath.Join(r.Dir, LogFile))
	if err != nil {
		return err
	}
	e.Log = string(raw)
	entries, err := os.ReadDir(r.Dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == ScenarioFile || name == LogFile || name == tempDir:
		case entry.IsDir() && e.Dir == "":
			e.Dir = filepath.Join(r.Dir, name)
		default:
			e.Left = append(e.Left, "a second entry in the results: "+name)
		}
	}
	if !e.Hung && !e.Stopped {
		r.leftovers(e)
	}
	return os.RemoveAll(r.temp())
}

// leftovers finds what should be gone after the end of a run.
func (r Request) leftovers(e *explore.Ended) {
	if e.Dir != "" {
		if _, err := os.Stat(filepath.Join(e.Dir, "volumes")); err == nil {
			e.Left = append(e.Left, "volumes/ in the folder of the run")
		}
	}
	temp, _ := os.ReadDir(r.temp()) // a folder that is gone holds nothing
	for _, t := range temp {
		e.Left = append(e.Left, "a temporary file: "+t.Name())
	}
	found := processesOf(r.Dir, r.temp())
	// A process that is just becoming another program shows no environment: only two looks
	// in a row show that there is none.
	for until, none := time.Now().Add(fade), 0; time.Now().Before(until) && none < 2; {
		time.Sleep(100 * time.Millisecond)
		if found = processesOf(r.Dir, r.temp()); len(found) == 0 {
			none++
		} else {
			none = 0
		}
	}
	for _, p := range found {
		e.Left = append(e.Left, "a process: "+strings.ToValidUTF8(p, "?"))
	}
}
