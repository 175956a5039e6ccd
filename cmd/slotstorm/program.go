package main

import (
	"context"
	"crypto/ed25519"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/explore"
	"github.com/slotstorm/slotstorm/internal/explore/trial"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/scenarios"
)

// program is one invocation: its surroundings, and the values of the program's own
// flags.
type program struct {
	// in is standard input; asks is set if a user at a terminal can answer there.
	in   io.Reader
	asks bool
	// out takes text for people, data what programs read: bytes as they are.
	out, data io.Writer
	// visible is out, with its colours.
	visible *console.Visible
	// terminal is what out ends at: a terminal, or not.
	terminal io.Writer
	err      *console.Console
	stderr   io.Writer
	getenv   func(string) string
	now      func() time.Time
	// started is when the command started.
	started time.Time
	// play runs a scenario, signals subscribes to the signals that ask for an end,
	// exit ends the process at once.
	play    func(context.Context, *scenarios.Scenario, runner.Options) (*runner.Result, error)
	signals func() (<-chan os.Signal, func())
	exit    func(exitCode)
	// enter executes the program again in a sealed room; inside is set if this
	// process is in one already.
	enter  func(isolation string, news *os.File, signals <-chan os.Signal) (room local.Room, code int, entered bool, err error)
	inside bool

	// try makes a run for explore, in a process of its own; canEncrypt reports whether a
	// server was built with TLS.
	try        func(context.Context, trial.Request) (explore.Ended, error)
	canEncrypt func(ctx context.Context, binary string) bool

	app *cli.App

	json, quiet, verbose, full bool
	root                       string
	targets                    []target
	colorOut, colorErr         bool
	// signer signs the bundles of runs; nil without --sign.
	signer ed25519.PrivateKey
	// shown is set if standard output is a terminal.
	shown bool
}

// target is a result that --out asks for: FORMAT=FILE, where - is standard
// output.
type target struct{ format, file string }

// colored reports whether colours suit w.
func (p *program) colored(w io.Writer) bool {
	if p.getenv("NO_COLOR") != "" {
		return false
	}
	_, ok := console.Terminal(w, p.getenv)
	return ok
}

// answered reports whether a user can be asked: at a terminal that shows the questions.
func (p *program) answered() bool {
	in, ok := p.in.(*os.File)
	if !ok {
		return false
	}
	_, reads := console.Terminal(in, p.getenv)
	_, shows := console.Terminal(p.stderr, p.getenv)
	return reads && shows
}

// printJSON prints v on standard output.
func (p *program) printJSON(v any) error { return writeJSON(p.data, v) }

func writeJSON(w io.Writer, v any) error { return report.JSON(w, v) }

// logger writes to standard error: warnings, or with --verbose everything.
func (p *program) logger() *slog.Logger {
	level := slog.LevelWarn
	if p.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(p.err, &slog.HandlerOptions{Level: level}))
}

// none refuses arguments.
func none(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("slotstorm %s takes no arguments, but got %q", c.Command.Name, c.Args().First())
	}
	return nil
}
