package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/report/render"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) runVerb() *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "run a scenario and judge it",
		ArgsUsage: "SCENARIO",
		Description: "Deploys the scenario's cluster, drives its load, injects its faults, heals, and\n" +
			"judges. SCENARIO is a file of at most 1 MiB, a pipe such as <(command), or the name\n" +
			"of a built-in scenario. The result goes to standard output, progress to standard\n" +
			"error, everything else into the run's folder. The first Ctrl-C heals, collects and\n" +
			"reports; the second exits at once.",
		Flags: append(append(p.overrideFlags(),
			&cli.StringFlag{Name: "serve", Usage: "show the run in a browser, and /metrics to Prometheus, at `ADDRESS` while it lasts: host:port, or a port of 127.0.0.1"},
			hostFlag("serve-host"),
			contextFlag(),
			&cli.StringFlag{Name: "on", Usage: "run on the deployment `NAME` that 'slotstorm up' has made; . is the only one there is"},
			&cli.BoolFlag{Name: "dry-run", Usage: "show the plan, the faults and the Kubernetes objects, ask the API server whether it would take them, and run nothing"},
			&cli.BoolFlag{Name: "keep-volumes", Usage: "keep the nodes' data after the run"},
			baselineFlag(),
			signFlag(),
			&cli.StringSliceFlag{Name: "against", Usage: "run a `B` by turns with SCENARIO, --repeat times each (6 if not stated), and compare: another scenario, a redis-server binary, or PATH=VALUE as in --set, which may be repeated"}),
			compareFlags()...),
		Action: p.runScenario,
	}
}

// overrideFlags change a scenario as it is read.
func (p *program) overrideFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "set", Usage: "set a field of the scenario: `PATH=VALUE`, such as workload.rate=500; may be repeated"},
		&cli.Uint64Flag{Name: "seed", Usage: "set seed to `N`, which decides everything random"},
		&cli.StringFlag{Name: "cluster", Usage: "set cluster.provider to `PROVIDER`"},
		&cli.IntFlag{Name: "repeat", Usage: "set repeat to `N`: so many runs, with seeds counting up"},
	}
}

// contextFlag names a cluster that others may be living on.
func contextFlag() cli.Flag {
	return &cli.StringFlag{Name: "context", Usage: "use the context `NAME` of the kubeconfig, with --cluster kube; one that is not of kind, k3d or minikube must be named here"}
}

// overrides are what overrideFlags say, in the form of --set. The flags with
// names of their own come last and so win.
func overrides(c *cli.Context) []string {
	set := c.StringSlice("set")
	if c.IsSet("seed") {
		set = append(set, "seed="+strconv.FormatUint(c.Uint64("seed"), 10))
	}
	if c.IsSet("cluster") {
		set = append(set, "cluster.provider="+c.String("cluster"))
	}
	if c.IsSet("repeat") {
		set = append(set, "repeat="+strconv.Itoa(c.Int("repeat")))
	}
	return set
}

// scenarioArg is the one scenario that a verb is given.
func scenarioArg(c *cli.Context) (string, error) {
	switch c.NArg() {
	case 1:
		return c.Args().First(), nil
	case 0:
		return "", usagef("slotstorm %s needs a scenario: a file, or one of the built-in %s", c.Command.Name, strings.Join(builtinNames(), ", "))
	}
	return "", usagef("slotstorm %s takes one scenario, and there are %d: %s", c.Command.Name, c.NArg(), strings.Join(c.Args().Slice(), " "))
}

func (p *program) runScenario(c *cli.Context) error {
	name, err := scenarioArg(c)
	if err != nil {
		return err
	}
	set := overrides(c)
	s, combinations, err := scenarios.Expand(name, set...)
	if err != nil {
		return unreadable(err)
	}
	todo := plays(combinations, name, placeFlags(c))
	compare, err := compareOptions(c)
	if err != nil {
		return err
	}
	if len(s.Matrix) > 0 && c.IsSet("against") {
		return usagef("--against compares two sides, and a matrix has many: it goes without")
	}
	var both *sides
	if c.IsSet("against") {
		if both, err = againstSides(c, name, set, s); err != nil {
			return err
		}
		if err := p.writes(c, comparisonFormats...); err != nil {
			return err
		}
	} else if err := p.writesRuns(c, len(todo)); err != nil {
		return err
	} else if c.IsSet("metric") || c.IsSet("threshold") || c.Bool("fail-on-regression") {
		return usagef("--metric, --threshold and --fail-on-regression are about a comparison: they go with --against, or with slotstorm compare")
	}
	if c.IsSet("on") && s.Cluster.Provider == "local" {
		return usagef("--on is for deployments on Kubernetes: say --cluster kind, or kube")
	}
	if c.Bool("dry-run") {
		if c.IsSet("on") || c.IsSet("against") || len(s.Matrix) > 0 {
			return usagef("--dry-run is about one scenario that is deployed anew: without --on, --against and matrix")
		}
		ctx, release := p.abrupt(c.Context)
		defer release()
		return p.dryRun(ctx, s, runner.Options{Context: c.String("context")})
	}
	if p.signer, err = signingKey(c); err != nil {
		return err
	}
	baseline, err := p.baseline(c.String("baseline"), s)
	if err != nil {
		return err
	}
	show, err := p.serve(c.String("serve"), c.StringSlice("serve-host"))
	if err != nil {
		return err
	}
	defer show.close()
	room, code, entered, err := p.enterRoom(s, show.began)
	if err != nil {
		return err
	}
	if entered {
		return &exit{code: code}
	}
	if baseline == nil && both == nil && judge.Relative(s) {
		fmt.Fprintln(p.err, "slotstorm: objectives are relative to a baseline, and there is none: they will have no answer (--baseline RUN names one)")
	}
	ctx, stop, release := p.brake(c.Context)
	defer release()
	o := runner.Options{
		Root:        p.root,
		Room:        room,
		Version:     p.build().Version,
		Log:         p.logger(),
		KeepVolumes: c.Bool("keep-volumes"),
		Context:     c.String("context"),
		On:          c.String("on"),
		Stop:        stop,
		Baseline:    baseline,
		Began:       p.began(show.began),
	}
	if both != nil {
		err = p.against(ctx, both, o, compare, c.Bool("fail-on-regression"))
	} else if code, err = p.runs(ctx, todo, len(s.Matrix) > 0, o); err == nil {
		return &exit{code: code}
	}
	if errors.Is(err, context.Canceled) {
		return &exit{code: exitInterrupted, err: errors.New("interrupted")}
	}
	return err
}

// play is one of the runs of a scenario.
type play struct {
	scenario *scenarios.Scenario
	settings []results.Setting // of a matrix
	command  string            // repeats it
	title    string            // tells it from the others, if there are any
}

// plays are the runs of a scenario: as many as it says, for each combination of its
// matrix if it has one. Flags stand behind the command that repeats one.
func plays(list []scenarios.Combination, name, flags string) []play {
	var all []play
	for n, c := range list {
		var settings []results.Setting
		for _, s := range c.Settings {
			settings = append(settings, results.Setting(s))
		}
		repeat := c.Scenario.Repeat
		for i := range repeat {
			one := *c.Scenario
			one.Repeat, one.Seed = 1, one.Seed+uint64(i)
			var title []string
			if len(settings) > 0 {
				title = append(title, fmt.Sprintf("combination %d of %d: %s", n+1, len(list), &c))
			}
			if repeat > 1 {
				title = append(title, fmt.Sprintf("run %d of %d, seed %d", i+1, repeat, one.Seed))
			}
			all = append(all, play{&one, settings, repeatCommand(name, c.Overrides, one.Seed, repeat > 1) + flags, strings.Join(title, "; ")})
		}
	}
	return all
}

// runs does all plays and gives the worst exit code. Those of a matrix are told
// side by side.
func (p *program) runs(ctx context.Context, todo []play, matrix bool, o runner.Options) (exitCode, error) {
	var all []outcome
	var list []judge.Judged
	var last *results.Bundle
	worst := exitOK
	for _, next := range todo {
		select {
		case <-o.Stop:
			return exitInterrupted, nil
		default:
		}
		if next.title != "" && !p.quiet {
			fmt.Fprintln(p.err, next.title)
		}
		o.Matrix, o.Command = next.settings, next.command
		r, err := p.once(ctx, next.scenario, o)
		if err != nil {
			return 0, err
		}
		all = append(all, outcomeOf(r.Dir, r.Bundle, r.Summary))
		list = append(list, judge.Judged{Run: &r.Bundle.Run, Summary: r.Summary})
		last = r.Bundle
		if !matrix {
			if err := p.tell(r, len(todo) > 1); err != nil {
				return 0, err
			}
		}
		code := codeOf(r)
		if code.severity() > worst.severity() {
			worst = code
		}
		if code == exitInterrupted {
			break
		}
	}
	if err := p.writeTargets(runRenderers(all, list, last, false)); err != nil {
		return 0, err
	}
	switch {
	case p.direct() || len(todo) == 1 && !matrix:
		return worst, nil
	case p.json:
		return worst, p.printJSON(all)
	case p.quiet:
		return worst, nil
	case matrix:
		return worst, render.Matrix(p.out, list)
	}
	var rows []runRow
	for _, one := range all {
		rows = append(rows, one.runRow)
	}
	p.table(rows)
	return worst, nil
}

// once runs s one time, showing its progress.
func (p *program) once(ctx context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
	show := p.progress()
	defer show.Close()
	o.Observer = show
	r, err := p.play(ctx, s, o)
	if err != nil || p.signer == nil {
		return r, err
	}
	if err := results.Sign(r.Dir, p.signer); err != nil {
		return nil, err
	}
	return r, nil
}

// tell prints the result of one run; of many, --json prints all at the end.
func (p *program) tell(r *runner.Result, many bool) error {
	switch {
	case p.json && many, p.direct():
		return nil
	case p.json:
		return p.printJSON(outcomeOf(r.Dir, r.Bundle, r.Summary))
	case p.quiet:
		return nil
	}
	if err := render.Text(p.out, r.Bundle, r.Summary, p.colorOut); err != nil {
		return fmt.Errorf("printing the result: %w", err)
	}
	return nil
}

// outcome is a run as --json prints it.
type outcome struct {
	runRow
	Summary *results.Summary `json:"summary"`
}

func outcomeOf(dir string, b *results.Bundle, s *results.Summary) outcome {
	return outcome{rowOf(results.Entry{Dir: dir, ID: filepath.Base(dir), Run: &b.Run}, s), s}
}

// writesRuns refuses formats of --out that so many runs cannot be written in.
func (p *program) writesRuns(c *cli.Context, runs int) error {
	if runs > 1 {
		return p.writes(c, runFormats...)
	}
	return p.writes(c, append(runFormats[:len(runFormats):len(runFormats)], wholeFormats...)...)
}

func baselineFlag() cli.Flag {
	return &cli.StringFlag{Name: "baseline", Usage: "let objectives such as max: baseline+10% be relative to `RUN`, or to the median of several with commas between"}
}

// baseline measures what the objectives of s are relative to; nil without runs.
func (p *program) baseline(text string, s *scenarios.Scenario) (*results.Baseline, error) {
	switch {
	case text == "":
		return nil, nil
	case !judge.Relative(s):
		return nil, usagef("--baseline is for objectives such as max: baseline+10%%, and %s has none", s.Metadata.Name)
	}
	var bundles []*results.Bundle
	_, err := p.eachRun(text, func(_ string, b *results.Bundle) error {
		bundles = append(bundles, b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return judge.Baseline(s, bundles)
}

// progress is what fits standard error.
func (p *program) progress() progress {
	fd, ok := terminal(p.stderr, p.getenv)
	switch {
	case p.quiet:
		return silent{}
	case !ok:
		return &plain{w: p.err, now: p.now}
	}
	width := func() int {
		if w, _, err := term.GetSize(fd); err == nil && w > 0 {
			return w
		}
		return 80
	}
	return &live{w: p.err, width: width, color: p.colorErr, messages: p.verbose}
}

// logger writes to standard error: warnings, or with --verbose everything.
func (p *program) logger() *slog.Logger {
	level := slog.LevelWarn
	if p.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(p.err, &slog.HandlerOptions{Level: level}))
}

// unreadable says that a scenario that cannot be read is an invalid one.
func unreadable(err error) error {
	var invalid scenarios.Errors
	if errors.As(err, &invalid) {
		return err
	}
	return &exit{exitInvalid, err}
}

// placeFlags are the flags that say where a run takes place, as it would be typed.
func placeFlags(c *cli.Context) string {
	text := ""
	for _, name := range []string{"context", "on"} {
		if c.IsSet(name) {
			text += " --" + name + " " + quote(c.String(name))
		}
	}
	return text
}

// repeatCommand is the command line that repeats a run, one of many or not.
func repeatCommand(name string, set []string, seed uint64, many bool) string {
	words := []string{"slotstorm", "run", quote(name)}
	for _, o := range set {
		if key, _, _ := strings.Cut(o, "="); key != "seed" && key != "repeat" {
			words = append(words, "--set", quote(o))
		}
	}
	words = append(words, "--seed", strconv.FormatUint(seed, 10))
	if many {
		words = append(words, "--repeat", "1")
	}
	return strings.Join(words, " ")
}

// quote writes a word so that a POSIX shell reads it back.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,+@%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
