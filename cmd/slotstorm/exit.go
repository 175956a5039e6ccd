package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/scenarios"
)

// exitCode is what the process ends with.
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
	// exitCrashed is what a shell shows of a process that SIGABRT has ended.
	exitCrashed exitCode = 134
)

// exitCodes documents them, in order.
var exitCodes = []struct {
	Code    exitCode
	Meaning string
}{
	{exitOK, "it worked; for run: the verdict is pass"},
	{exitError, "something went wrong that none of the others names"},
	{exitInvalid, "the scenario or the command line is invalid; nothing was done"},
	{exitEnvironment, "this machine cannot do it: no redis-server, namespaces demanded but refused, ..."},
	{exitFailed, "the run ended and missed at least one objective; with --fail-on-regression: B is worse than A"},
	{exitInconclusive, "the run ended inconclusive or invalid: it shows neither success nor failure"},
	{exitNoisy, "a comparison was made, and is too noisy to tell whether B differs from A"},
	{exitUnhealed, "a fault's healing could not be verified: it may still be in force; 'slotstorm recover RUN' heals and tells"},
	{exitInterrupted, "interrupted by Ctrl-C, SIGTERM, SIGHUP or SIGQUIT"},
	{exitCrashed, "slotstorm has crashed, by a mistake of its own or for want of memory; any other code above 128 is 128 and the number of the signal that has ended it, such as 137 for SIGKILL"},
}

// severity orders the ends of runs, so that many runs end with the worst. A
// missed objective is a finding; a run that shows nothing is none.
func (c exitCode) severity() int {
	switch c {
	case exitOK:
		return 0
	case exitInconclusive:
		return 1
	case exitFailed:
		return 2
	case exitUnhealed:
		return 4
	}
	return 3
}

// exit is an error that carries its exit code. A nil err ends silently: what
// there was to say has been said.
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

// message is err as it is printed: a second line, which a file's name may hold, does
// not pass for one of slotstorm's own.
func message(err error) string {
	return strings.ReplaceAll(printable.Text(strings.TrimRight(err.Error(), "\n")), "\n", "\n  ")
}

// fail shows err on w and gives the exit code it stands for.
func fail(w io.Writer, color bool, err error) exitCode {
	if err == nil {
		return exitOK
	}
	var invalid scenarios.Errors
	if errors.As(err, &invalid) {
		invalid.Render(w, color)
		return exitInvalid
	}
	code := exitError
	var coded *exit
	switch {
	case errors.As(err, &coded):
		if coded.err == nil {
			return coded.code
		}
		code = coded.code
	case errors.Is(err, syscall.EMFILE):
		code = exitEnvironment
		if limit, ok := openFiles(); ok {
			err = fmt.Errorf("the limit of open files, %d, is too low: 'ulimit -n %d' raises it (%w)", limit, wantFiles, err)
		}
	case errors.Is(err, context.Canceled):
		code, err = exitInterrupted, errors.New("interrupted")
	case errors.Is(err, runner.ErrDiffers), errors.Is(err, runner.ErrNoDeployment):
		code = exitInvalid
	case errors.Is(err, runner.ErrEnvironment):
		code = exitEnvironment
	case errors.Is(err, runner.ErrUnhealed):
		code = exitUnhealed
	}
	fmt.Fprintf(w, "%s %s\n", console.Paint(color, console.Red, "slotstorm:"), message(err))
	if code == exitEnvironment {
		fmt.Fprintln(w, "Run 'slotstorm doctor' to see what this machine can do and how to mend it.")
	}
	return code
}
