package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/report"
	"github.com/slotstorm/slotstorm/report/compare"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) runVerb() *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "run a scenario and judge the result",
		UsageText: examples("slotstorm run kill-primary", "slotstorm run shop.yaml --set workload.rate=500 --out junit=junit.xml"),
		ArgsUsage: "SCENARIO",
		Description: "Deploys the Redis Cluster of the scenario, sends the load, injects and undoes the\n" +
			"faults, and judges the result by the scenario's objectives, which are limits for\n" +
			"metrics. SCENARIO is a file of at most 1 MiB, a pipe such as <(command), or the name of\n" +
			"a built-in scenario. Standard output shows what fits on a screen, and with --full the\n" +
			"whole report; progress goes to standard error. The report and all recorded data are in\n" +
			"the folder of the run.\n\n" +
			"After the first Ctrl-C, slotstorm undoes all faults, collects the logs of the nodes, and\n" +
			"writes the report. After the second Ctrl-C, it exits at once. Faults can then remain\n" +
			"active: run 'slotstorm recover RUN'.",
		Flags: append(append(overrideFlags("run on `PROVIDER`: local (this machine), kind (a kind cluster), kube (the cluster of a kubeconfig context) or attach (the Redis Cluster in cluster.attach); sets cluster.provider", "run `N` times, adding 1 to the seed each time"),
			&cli.StringFlag{Name: "serve", Usage: "serve a live page of the run, and /metrics for Prometheus, at `ADDRESS`: HOST:PORT, or PORT for 127.0.0.1:PORT"},
			hostFlag("serve-host"),
			contextFlag(),
			&cli.StringFlag{Name: "on", Usage: "run on the deployment `NAME` made by 'slotstorm up'; if there is only one, NAME can be '.'"},
			&cli.BoolFlag{Name: "dry-run", Usage: "print the plan, the faults and the Kubernetes objects, validate the objects on the API server, and run nothing"},
			&cli.BoolFlag{Name: "full", Usage: "print the whole report, and not only what fits on a screen"},
			&cli.StringFlag{Name: "i-own", Usage: "permit a run on the cluster of cluster.attach that has the seed `HOST:PORT`, or whose pods are in CONTEXT/NAMESPACE: it is yours, and may be loaded and broken"},
			allowExecFlag("permit exec faults, which run programs of the scenario on this machine"),
			&cli.BoolFlag{Name: "keep-volumes", Usage: "keep the data of the nodes in the folder of the run (local runs only)"},
			baselineFlag(),
			signFlag(),
			&cli.StringSliceFlag{Name: "against", Usage: "compare SCENARIO (A) with `B`. B is another scenario, or SCENARIO with a change: the path of another redis-server, or FIELD=VALUE as in --set; repeat --against to make several changes in the same B. Runs of A and B alternate, --repeat runs of each (default: 6); 'slotstorm help compare' explains the answer"}),
			compareFlags("with --against: ")...),
		Action: p.runScenario,
	}
}

func (p *program) runScenario(c *cli.Context) error {
	r, err := p.readRun(c)
	if err != nil {
		return err
	}
	if c.Bool("dry-run") {
		ctx, release := p.abrupt(c.Context)
		defer release()
		return p.dryRun(ctx, r.scenario, runner.Options{Context: c.String("context")})
	}
	if p.signer, err = signingKey(c); err != nil {
		return err
	}
	p.full = c.Bool("full")
	baseline, err := p.baseline(c.String("baseline"), r.scenario)
	if err != nil {
		return err
	}
	show, err := p.serve(c.String("serve"), c.StringSlice("serve-host"))
	if err != nil {
		return err
	}
	defer show.close()
	room, code, entered, err := p.enterRoom(r.scenario, show.began)
	if err != nil {
		return err
	}
	if entered {
		return &exit{code: code}
	}
	if baseline == nil && r.both == nil && judge.Relative(r.scenario) {
		fmt.Fprintln(p.err, "slotstorm: no baseline: objectives that are relative to a baseline will not be judged (name one with --baseline RUN)")
	}
	p.remarks(c.Args().First(), r.scenario)
	ctx, stop, release := p.brake(c.Context, stoppingRun)
	defer release()
	return p.carryOut(ctx, r, runner.Options{
		Root:        p.root,
		Room:        room,
		Version:     p.build().Version,
		KeepVolumes: c.Bool("keep-volumes"),
		Context:     c.String("context"),
		On:          c.String("on"),
		Own:         c.String("i-own"),
		AllowExec:   c.Bool("allow-exec"),
		Stop:        stop,
		Baseline:    baseline,
		Began:       p.began(show.began),
	})
}

// runRequest is a command line of 'slotstorm run'.
type runRequest struct {
	scenario *scenarios.Scenario
	todo     []play
	// both are the sides of a comparison; nil without --against.
	both    *sides
	how     compare.Options
	failing bool
}

func (r *runRequest) matrix() bool { return len(r.scenario.Matrix) > 0 }

// readRun reads the command line, and refuses what cannot be combined.
func (p *program) readRun(c *cli.Context) (*runRequest, error) {
	name, err := scenarioArg(c)
	if err != nil {
		return nil, err
	}
	set := overrides(c)
	s, combinations, err := scenarios.Expand(name, set...)
	if err != nil {
		return nil, unreadable(err)
	}
	r := &runRequest{scenario: s, todo: plays(combinations, name, placeFlags(c)), failing: c.Bool("fail-on-regression")}
	if r.how, err = compareOptions(c); err != nil {
		return nil, err
	}
	if c.IsSet("against") {
		if r.matrix() {
			return nil, usagef("--against cannot be combined with a matrix")
		}
		if r.both, err = againstSides(c, name, set, s); err != nil {
			return nil, err
		}
		for _, side := range r.both.scenario {
			if err := foreseen(r.how.Judged, side); err != nil {
				return nil, err
			}
		}
		err = p.writes(c, report.Comparison)
	} else {
		err = p.writes(c, kindOf(len(r.todo), r.matrix()))
	}
	if err != nil {
		return nil, err
	}
	return r, r.combines(c)
}

// combines refuses flags that make no sense together.
func (r *runRequest) combines(c *cli.Context) error {
	switch {
	case r.both == nil && (c.IsSet("metric") || c.IsSet("threshold") || r.failing):
		return usagef("--metric, --threshold and --fail-on-regression need --against, or slotstorm compare")
	case c.IsSet("on") && r.scenario.Cluster.Provider == "local":
		return usagef("--on needs a deployment on Kubernetes: add --cluster kind or --cluster kube")
	case c.Bool("dry-run") && (c.IsSet("on") || r.both != nil || r.matrix()):
		return usagef("--dry-run cannot be combined with --on, --against or a matrix")
	}
	return nil
}

// carryOut runs the request, and returns the exit code of the results as an error.
func (p *program) carryOut(ctx context.Context, r *runRequest, o runner.Options) error {
	if r.both != nil {
		return p.against(ctx, r.both, o, r.how, r.failing)
	}
	var done finished
	code, err := p.runs(ctx, r, o, &done)
	if len(done.judged) > 0 {
		err = errors.Join(err, p.results(&done, kindOf(len(r.todo), r.matrix())))
	}
	if err == nil {
		return &exit{code: code}
	}
	own, err := coded(err)
	if code.severity() > own.severity() {
		own = code
	}
	return &exit{own, err}
}

// runs carries out all plays, as far as they can be made, and returns the worst exit code
// of those that finished. A run whose nodes could not be removed has a result and an error.
func (p *program) runs(ctx context.Context, r *runRequest, o runner.Options, done *finished) (exitCode, error) {
	worst := exitOK
	for _, next := range r.todo {
		select {
		case <-o.Stop:
			return exitInterrupted, nil
		default:
		}
		if next.title != "" && !p.quiet {
			fmt.Fprintln(p.err, next.title)
		}
		o.Matrix, o.Overrides, o.Command = next.settings, next.overrides, next.command
		one, err := p.once(ctx, next.scenario, o)
		if one == nil {
			return worst, err
		}
		done.add(one.Dir, one.Bundle, one.Summary)
		if !r.matrix() {
			err = errors.Join(err, p.printRun(one, len(r.todo) > 1))
		}
		code := codeOf(one)
		if code.severity() > worst.severity() {
			worst = code
		}
		if err != nil || code == exitInterrupted {
			return worst, err
		}
	}
	return worst, nil
}

// results writes and prints what many runs, or one, gave together.
func (p *program) results(done *finished, kind report.Kind) error {
	if err := p.writeTargets(done.result(kind)); err != nil {
		return err
	}
	if kind == report.Run {
		return nil
	}
	return p.printRuns(done, kind)
}

// printRun prints the result of one run. With --json, the results of many runs are
// printed together at the end.
func (p *program) printRun(r *runner.Result, many bool) error {
	switch {
	case p.json && many, p.direct():
		return nil
	case p.json:
		return p.printJSON(outcomeOf(r.Dir, r.Bundle, r.Summary))
	case p.quiet:
		return nil
	}
	shown := report.OfRun(r.Bundle, r.Summary, nil)
	if !p.full {
		name := r.Bundle.Run.ID
		if p.root != results.DefaultRoot {
			name = quote(r.Dir)
		}
		shown = report.OnScreen(r.Bundle, r.Summary, "slotstorm report "+name+", or run with --full")
	}
	if err := p.writeText(shown); err != nil {
		return fmt.Errorf("printing the result: %w", err)
	}
	return nil
}

// printRuns prints the results of many runs together: a table with a row for each
// run, or for a matrix the combinations side by side.
func (p *program) printRuns(done *finished, kind report.Kind) error {
	switch {
	case p.direct():
		return nil
	case p.json:
		return p.printJSON(done.outcomes)
	case p.quiet:
		return nil
	case kind == report.Matrix:
		return p.writeText(report.OfMatrix(done.judged, nil))
	}
	var rows []runRow
	for _, one := range done.outcomes {
		rows = append(rows, one.runRow)
	}
	p.table(rows)
	return nil
}
