package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// program is one invocation: what verbs may touch, and what the program's own
// flags say.
type program struct {
	// out takes text for people, data what programs read: bytes as they are.
	out, data io.Writer
	err       *console
	stderr    io.Writer
	getenv    func(string) string
	now       func() time.Time
	// play runs a scenario, signals listens for the requests to end, exit ends
	// the process at once.
	play    func(context.Context, *scenarios.Scenario, runner.Options) (*runner.Result, error)
	signals func() (<-chan os.Signal, func())
	exit    func(exitCode)
	// enter re-executes the program in a sealed room; inside tells that this
	// process is in one already.
	enter  func(isolation string, news *os.File, signals <-chan os.Signal) (room local.Room, code int, entered bool, err error)
	inside bool

	app *cli.App

	json, quiet, verbose bool
	root                 string
	targets              []target
	colorOut, colorErr   bool
	// signer signs the bundles of runs; nil if nobody asked for it.
	signer ed25519.PrivateKey
	// shown tells that standard output is a terminal.
	shown bool
}

// run is the whole program: args begin with its name. It gives the exit code.
func run(ctx context.Context, caught *catcher, args []string, stdout, stderr io.Writer) exitCode {
	inside, err := local.Inside()
	if err != nil {
		// The outer process has been told, and goes on without the room.
		return exitEnvironment
	}
	p := &program{
		out: stdout, stderr: stderr, err: &console{w: stderr},
		getenv: os.Getenv, now: time.Now,
		play: runner.Run, signals: caught.take, enter: local.Enter, inside: inside,
		exit: func(c exitCode) { os.Exit(int(c)) },
	}
	code := p.run(ctx, args)
	if inside {
		return leaving(code)
	}
	return code
}

func (p *program) run(ctx context.Context, args []string) exitCode {
	p.colorOut, p.colorErr = p.colored(p.out), p.colored(p.stderr)
	_, p.shown = terminal(p.out, p.getenv)
	out := &sticky{w: p.out}
	p.data, p.out = out, &visible{out, &p.colorOut}
	p.err.color = &p.colorErr
	p.app = p.application()
	err := p.dispatch(ctx, args[1:])
	switch {
	case errors.Is(out.err, syscall.EPIPE):
		// The reader has seen enough, as head does: that needs no words.
		err = &exit{code: exitError}
	case out.err != nil:
		err = fmt.Errorf("writing the result: %w", out.err)
	}
	return fail(p.err, p.colorErr, err)
}

// sticky keeps the first error of a stream, so that a result that did not
// arrive is not taken for one that did.
type sticky struct {
	w   io.Writer
	err error
}

func (s *sticky) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(b)
	s.err = err
	return n, err
}

func (p *program) dispatch(ctx context.Context, args []string) error {
	// Completion reads words as they stand: they are half a command line.
	if len(args) > 0 && args[0] == completeVerb {
		return p.complete(args[1:])
	}
	w, err := arrange(p.app, args)
	switch {
	case err != nil:
		return err
	case w.version:
		w = words{verb: "version", global: w.global}
	case w.help || w.verb == "":
		w = words{verb: "help", args: []string{w.verb}}
	}
	return p.app.RunContext(ctx, w.line("slotstorm"))
}

// application is the command line as urfave/cli sees it. Help, completion and
// suggestions are slotstorm's own.
func (p *program) application() *cli.App {
	verbs := []*cli.Command{
		p.runVerb(), p.upVerb(), p.downVerb(), p.cleanVerb(), p.manifestsVerb(), p.loadVerb(), p.validateVerb(), p.inspectVerb(), p.listVerb(), p.reportVerb(), p.auditVerb(), p.uiVerb(), p.recoverVerb(), p.compareVerb(), p.trendVerb(), p.capacityVerb(), p.pruneVerb(),
		p.schemaVerb(), p.doctorVerb(), p.imageVerb(), p.completionVerb(), p.versionVerb(), p.helpVerb(),
		p.probeVerb(), p.docsVerb(), p.generateVerb(), p.agentVerb(),
	}
	usage := func(_ *cli.Context, err error, _ bool) error { return &exit{exitInvalid, err} }
	for _, v := range verbs {
		v.HideHelp = true
		v.OnUsageError = usage
		if !slices.Contains([]string{"run", "report", "compare", "trend", "capacity"}, v.Name) {
			v.Before = func(c *cli.Context) error { return p.writes(c) }
		}
	}
	return &cli.App{
		Name:      "slotstorm",
		HelpName:  "slotstorm",
		Usage:     "rehearse Redis Cluster failures",
		Writer:    p.out,
		ErrWriter: p.err,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print the result as JSON"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print no progress, and no result but errors; --json still prints"},
			&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "log what happens, to standard error"},
			&cli.BoolFlag{Name: "no-color", Usage: "print without colours; so do NO_COLOR, TERM=dumb and streams that are no terminal"},
			&cli.StringSliceFlag{Name: "out", Usage: "keep runs in `DIR`, one folder each (default: " + results.DefaultRoot + "), or write the result as FORMAT=FILE, such as junit=junit.xml or json=-; may be repeated"},
		},
		Commands:                  verbs,
		HideHelp:                  true,
		HideVersion:               true,
		OnUsageError:              usage,
		ExitErrHandler:            func(*cli.Context, error) {},
		DisableSliceFlagSeparator: true,
		Before: func(c *cli.Context) error {
			p.json, p.quiet, p.verbose = c.Bool("json"), c.Bool("quiet"), c.Bool("verbose")
			var err error
			if p.root, p.targets, err = parseOut(c.StringSlice("out")); err != nil {
				return err
			}
			if c.Bool("no-color") {
				p.colorOut, p.colorErr = false, false
			}
			if p.quiet && p.verbose {
				return usagef("--quiet and --verbose exclude each other")
			}
			return nil
		},
	}
}

// colored tells whether w shows colours.
func (p *program) colored(w io.Writer) bool {
	if p.getenv("NO_COLOR") != "" {
		return false
	}
	_, ok := terminal(w, p.getenv)
	return ok
}

// printJSON prints v on standard output.
func (p *program) printJSON(v any) error { return writeJSON(p.data, v) }

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	if _, err := w.Write(jsonEscaped(b.Bytes())); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// none refuses arguments.
func none(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("slotstorm %s takes no arguments, and there is %q", c.Command.Name, c.Args().First())
	}
	return nil
}
