package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/internal/explore/trial"
	"github.com/slotstorm/slotstorm/internal/runner"
)

// run is the whole program: args begin with its name. It returns the exit code.
func run(ctx context.Context, caught *catcher, args []string, stdout, stderr io.Writer) exitCode {
	inside, err := local.Inside()
	if err != nil {
		// The outer process has got the reason, and goes on without the room.
		return exitEnvironment
	}
	p := &program{
		in: os.Stdin, out: stdout, stderr: stderr, err: console.New(stderr),
		getenv: os.Getenv, now: time.Now,
		play: runner.Run, signals: caught.take, enter: local.Enter, inside: inside,
		try: trial.Run, canEncrypt: trial.Encrypts,
		exit: func(c exitCode) { os.Exit(int(c)) },
	}
	dial.LogTo(p.logger)
	code := p.run(ctx, args)
	if inside {
		return leaving(code)
	}
	return code
}

func (p *program) run(ctx context.Context, args []string) exitCode {
	p.started = p.now()
	p.colorOut, p.colorErr = p.colored(p.out), p.colored(p.stderr)
	_, p.shown = console.Terminal(p.out, p.getenv)
	p.asks = p.asks || p.answered()
	out := &sticky{w: p.out}
	p.visible = console.NewVisible(out, p.colorOut)
	p.data, p.terminal, p.out = out, p.out, p.visible
	p.err.Color = p.colorErr
	p.app = p.application()
	err := p.dispatch(ctx, args[1:])
	switch {
	case errors.Is(out.err, syscall.EPIPE):
		// The reader has seen enough, as head does: no message. The answer of a run or a
		// comparison stays the exit code.
		if err == nil {
			err = &exit{code: exitError}
		}
	case out.err != nil:
		err = fmt.Errorf("writing the result: %w", out.err)
	}
	return fail(p.err, p.colorErr, err)
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
		w = arranged{verb: "version", global: w.global}
	case w.help || w.verb == "":
		w = arranged{verb: "help", args: []string{w.verb}}
	}
	return p.app.RunContext(ctx, w.line("slotstorm"))
}

// verbs are all verbs, each with the title under which the help lists it. Those without a
// title are hidden.
func (p *program) verbs() []*cli.Command {
	var list []*cli.Command
	for _, g := range []struct {
		title string
		verbs []*cli.Command
	}{
		{"Run", []*cli.Command{p.runVerb(), p.loadVerb(), p.capacityVerb(), p.tuneVerb(), p.exploreVerb(), p.initVerb(), p.validateVerb(), p.inspectVerb()}},
		{"Look at runs", []*cli.Command{p.listVerb(), p.reportVerb(), p.auditVerb(), p.uiVerb()}},
		{"Compare runs", []*cli.Command{p.compareVerb(), p.trendVerb()}},
		{"Deploy on Kubernetes", []*cli.Command{p.upVerb(), p.downVerb(), p.discoverVerb(), p.manifestsVerb(), p.imageVerb()}},
		{"Tidy up", []*cli.Command{p.recoverVerb(), p.cleanVerb(), p.pruneVerb()}},
		{"Find out more", []*cli.Command{p.explainVerb(), p.schemaVerb(), p.doctorVerb(), p.completionVerb(), p.versionVerb(), p.helpVerb()}},
		{"", []*cli.Command{p.probeVerb(), p.docsVerb(), p.generateVerb(), p.agentVerb(), p.diskVerb()}},
	} {
		for _, v := range g.verbs {
			v.Category = g.title
			list = append(list, v)
		}
	}
	return list
}

// application is the command line as urfave/cli sees it. Help, completion and
// suggestions are slotstorm's own.
func (p *program) application() *cli.App {
	verbs := p.verbs()
	usage := func(_ *cli.Context, err error, _ bool) error { return &exit{exitInvalid, err} }
	for _, v := range verbs {
		v.HideHelp = true
		v.OnUsageError = usage
		if len(resultKinds(v.Name)) == 0 {
			v.Before = func(c *cli.Context) error {
				if prints := ownFormat[c.Command.Name]; prints != "" && p.json {
					return usagef("slotstorm %s prints %s: it cannot be combined with --%s", c.Command.Name, prints, jsonFlag)
				}
				return p.writes(c)
			}
		}
	}
	return &cli.App{
		Name:      "slotstorm",
		HelpName:  "slotstorm",
		Usage:     "rehearse Redis Cluster failures",
		Writer:    p.out,
		ErrWriter: p.err,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: jsonFlag, Usage: "print the result as JSON"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print errors only; with --json also print the result"},
			&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "write a detailed log to standard error"},
			&cli.BoolFlag{Name: "no-color", Usage: "print without colours; the default if NO_COLOR is set, if TERM is dumb, or if the output is not a terminal"},
			&cli.StringSliceFlag{Name: outFlag, Usage: "use the folder `DIR` for runs, or write the result to a file with FORMAT=FILE"},
		},
		Commands:                  verbs,
		HideHelp:                  true,
		HideVersion:               true,
		OnUsageError:              usage,
		ExitErrHandler:            func(*cli.Context, error) {},
		DisableSliceFlagSeparator: true,
		Before:                    p.ownFlags,
	}
}

// ownFlags reads the flags that every verb has.
func (p *program) ownFlags(c *cli.Context) error {
	p.json, p.quiet, p.verbose = c.Bool(jsonFlag), c.Bool("quiet"), c.Bool("verbose")
	var err error
	if p.root, p.targets, err = parseOut(c.StringSlice(outFlag)); err != nil {
		return err
	}
	if c.Bool("no-color") {
		p.colorOut, p.colorErr = false, false
		p.err.Color, p.visible.Color = false, false
	}
	if p.quiet && p.verbose {
		return usagef("--quiet cannot be combined with --verbose")
	}
	return nil
}
