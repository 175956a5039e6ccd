package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/deployer/rdb"
	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/loader"
	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/internal/site"
	"github.com/slotstorm/slotstorm/internal/upkeep"
	"github.com/slotstorm/slotstorm/scenarios"
)

// exitCode is the exit code of the process.
type exitCode int

// The exit codes. They are part of the command line's contract.
const (
	exitOK           exitCode = 0
	exitError        exitCode = 1
	exitInvalid      exitCode = 2
	exitEnvironment  exitCode = 3
	exitFailed       exitCode = 4
	exitInconclusive exitCode = 5
	exitNoisy        exitCode = 6
	exitUnhealed     exitCode = 7
	exitInterrupted  exitCode = 130
	// exitCrashed is the exit code that a shell shows for a process ended by SIGABRT.
	exitCrashed exitCode = 134
)

// exitCodes documents the codes, in order.
var exitCodes = []struct {
	Code    exitCode
	Meaning string
}{
	{exitOK, "success; for run: the verdict is pass"},
	{exitError, "an error that no other code covers"},
	{exitInvalid, "the scenario or the command line is invalid"},
	{exitEnvironment, "this machine or the Kubernetes cluster cannot carry out the command, for example because redis-server is missing"},
	{exitFailed, "the verdict is fail, for example because an objective was missed; with --fail-on-regression: a metric became worse; for report --verify: a signature or file does not match; for explore: a finding"},
	{exitInconclusive, "the verdict is inconclusive or invalid; for audit: keys were not read back; for compare: no usable run; for explore: no run had a verdict"},
	{exitNoisy, "for compare and run --against, with or without --fail-on-regression: too much noise, too few runs or a failover without an end to show whether B differs from A; for trend, only with --fail-on-regression: too few runs"},
	{exitUnhealed, "a fault may still be active, because slotstorm could not verify that it was undone; run 'slotstorm recover RUN'"},
	{exitInterrupted, "interrupted by Ctrl-C, SIGTERM, SIGHUP or SIGQUIT"},
	{exitCrashed, "slotstorm crashed, because of a bug or because memory ran out"},
}

// exitSignals documents the codes of other signals.
const exitSignals = "Any other code above 128 is 128 plus the number of the signal that ended slotstorm,\n" +
	"such as 137 for SIGKILL."

// severity orders the ends of runs, so that many runs end with the worst. A
// missed objective outweighs a run that shows nothing, and the error of a run that could
// not be made: what has been measured stays true.
func (c exitCode) severity() int {
	switch c {
	case exitOK:
		return 0
	case exitInconclusive:
		return 1
	case exitFailed:
		return 3
	case exitInterrupted:
		return 4
	case exitUnhealed:
		return 5
	}
	return 2
}

// exit is an error that carries its exit code. With a nil err the program ends without
// a message.
type exit struct {
	code exitCode
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// usagef is an error in the command line.
func usagef(format string, args ...any) error {
	return &exit{exitInvalid, fmt.Errorf(format, args...)}
}

// message is err as it is printed. Further lines are indented: a file name may contain
// a line break, and must not imitate a message of slotstorm.
func message(err error) string {
	return strings.ReplaceAll(printable.Text(strings.TrimRight(err.Error(), "\n")), "\n", "\n  ")
}

// elsewhere reports whether the cause of err is a server of the user's, which doctor does
// not look at.
func elsewhere(err error) bool {
	var unusable *loader.Unusable
	return errors.Is(err, site.ErrUnfit) || errors.Is(err, loader.ErrUnreachable) || errors.As(err, &unusable)
}

// fail prints err on w and returns its exit code.
func fail(w io.Writer, color bool, err error) exitCode {
	if err == nil {
		return exitOK
	}
	code, err := coded(err)
	var invalid scenarios.Errors
	if errors.As(err, &invalid) {
		invalid.Render(w, color)
		return code
	}
	var silent *exit
	if errors.As(err, &silent) && silent.err == nil {
		return code
	}
	fmt.Fprintf(w, "%s %s\n", console.Paint(color, console.Red, "slotstorm:"), message(err))
	if (code == exitEnvironment || errors.Is(err, site.ErrEnvironment)) && !elsewhere(err) {
		fmt.Fprintln(w, "Run 'slotstorm doctor' to see what is missing on this machine and how to fix it.")
	}
	return code
}

// coded is the exit code of an error, and the error as it is shown.
func coded(err error) (exitCode, error) {
	var own *exit
	var invalid scenarios.Errors
	switch {
	case errors.As(err, &own):
		return own.code, err
	case errors.As(err, &invalid):
		return exitInvalid, err
	case errors.Is(err, syscall.EMFILE):
		if limit, ok := openFiles(); ok {
			err = fmt.Errorf("the limit of open files, %d, is too low: raise it with 'ulimit -n %d' (%w)", limit, wantFiles, err)
		}
		return exitEnvironment, err
	case errors.Is(err, context.Canceled):
		return exitInterrupted, errors.New("interrupted")
	case errors.Is(err, site.ErrDiffers), errors.Is(err, site.ErrNoDeployment), errors.Is(err, deployer.ErrDirective), errors.Is(err, rdb.ErrFile), errors.Is(err, runner.ErrNotPermitted):
		return exitInvalid, err
	case errors.Is(err, site.ErrEnvironment):
		return exitEnvironment, err
	case errors.Is(err, upkeep.ErrUnhealed):
		return exitUnhealed, err
	}
	return exitError, err
}
