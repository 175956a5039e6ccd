package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/explore"
	"github.com/slotstorm/slotstorm/internal/explore/grammar"
	"github.com/slotstorm/slotstorm/internal/explore/trial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// exploreRoot is where explore keeps what it finds, unless --out names a folder.
const exploreRoot = "results/explore"

func (p *program) exploreVerb() *cli.Command {
	d := grammar.Default()
	return &cli.Command{
		Name:      "explore",
		Usage:     "run random scenarios, and find those in which slotstorm is wrong",
		UsageText: examples("slotstorm explore --time 10m", "slotstorm explore --seeds 50 --faults kill,partition --binary /usr/bin/valkey-server"),
		Description: "Draws a scenario from each seed: the cluster, its configuration, the load, the faults and\n" +
			"their times. Runs it on this machine, in a process and a sealed room of its own, and\n" +
			"checks what must hold in every run: slotstorm does not crash or hang, leaves nothing\n" +
			"behind, agrees with the servers' own records, and accounts for each audited write. The\n" +
			"same seed and flags give the same scenario.\n\n" +
			"A scenario that breaks one of these invariants is run again with fewer faults and\n" +
			"settings, until none can be left out. Each finding is a folder with scenario.yaml, which\n" +
			"'slotstorm run' repeats. The exit code is 4 if there is a finding.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "seeds", Usage: "try `N` seeds (default: 10, or no limit with --time)"},
			&cli.DurationFlag{Name: "time", Usage: "start no run after `DURATION`, such as 10m"},
			&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "begin with seed `N`"},
			&cli.IntFlag{Name: "jobs", Value: 1, Usage: "make `N` runs at once"},
			&cli.IntFlag{Name: "tries", Value: 20, Usage: "make at most `N` runs to shrink a finding; 0 keeps it as it was drawn"},
			&cli.StringSliceFlag{Name: "binary", Usage: "use the server `PATH` (default: redis-server); if repeated, each seed takes the next one"},
			&cli.StringFlag{Name: "faults", Usage: "inject only the faults in `LIST`, of " + strings.Join(grammar.Kinds(), ", ") + " (default: all but memory)"},
			&cli.StringFlag{Name: "roles", Value: strings.Join(d.Roles, ","), Usage: "aim faults only at nodes with the roles in `LIST`"},
			&cli.IntFlag{Name: "nodes", Value: d.Nodes, Usage: "make clusters of at most `N` nodes"},
			&cli.IntFlag{Name: "steps", Value: d.Steps, Usage: "inject at most `N` faults in a scenario"},
			&cli.Float64Flag{Name: "rate", Value: d.Rate, Usage: "send at most `N` requests per second"},
			&cli.StringSliceFlag{Name: "allow", Usage: "permit faults that take more away, by `PERMISSION`: majority-down or shards-down; may be repeated"},
			&cli.StringFlag{Name: "isolation", Usage: "run the nodes in a sealed room with `ISOLATION` namespaces, or on plain loopback with none, without faults of networks and disks (default: namespaces on Linux, none elsewhere)"},
			&cli.BoolFlag{Name: "keep-runs", Usage: "keep the folders of runs without a finding too"},
			&cli.BoolFlag{Name: "dry-run", Usage: "print the scenarios, and run nothing"},
		},
		Action: p.explore,
	}
}

func (p *program) explore(c *cli.Context) error {
	if err := none(c); err != nil {
		return err
	}
	plan, err := p.explorePlan(c)
	if err != nil {
		return err
	}
	if c.Bool("dry-run") {
		return p.printDrafts(plan)
	}
	root := p.root
	if root == results.DefaultRoot {
		root = exploreRoot
	}
	e := &exploration{p: p, plan: plan, keep: c.Bool("keep-runs"), dir: filepath.Join(root, p.now().UTC().Format("20060102T150405Z"))}
	if e.program, err = os.Executable(); err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	ctx, stop, release := p.brake(c.Context, stoppingRun)
	defer release()
	e.stop = stop
	answer, err := e.search(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if err := e.write(answer); err != nil {
		return err
	}
	if err := p.printExplored(answer, e.dir); err != nil {
		return err
	}
	return &exit{code: exploreCode(answer)}
}

// exploreCode is the exit code of a search.
func exploreCode(a *explore.Answer) exitCode {
	switch {
	case a.Stopped:
		return exitInterrupted
	case len(a.Findings) > 0:
		return exitFailed
	case len(a.Coverage.Verdicts) == 0:
		return exitInconclusive
	}
	return exitOK
}

// explorePlan reads the flags.
func (p *program) explorePlan(c *cli.Context) (explore.Plan, error) {
	plan := explore.Plan{
		First: c.Uint64("seed"), Seeds: c.Int("seeds"), Time: c.Duration("time"), Jobs: c.Int("jobs"), Tries: c.Int("tries"),
		Radius: grammar.Radius{
			Faults: listOf(c.String("faults")), Roles: listOf(c.String("roles")), Nodes: c.Int("nodes"), Steps: c.Int("steps"), Rate: c.Float64("rate"),
			Binaries: c.StringSlice("binary"), Isolation: cmp.Or(c.String("isolation"), grammar.Default().Isolation),
		},
	}
	if !c.IsSet("faults") {
		plan.Radius.Faults = grammar.Default().Faults
		plan.Radius.Faults = plan.Radius.Possible()
	}
	if !c.IsSet("seeds") && plan.Time == 0 {
		plan.Seeds = 10
	}
	switch {
	case plan.Seeds < 0 || c.IsSet("seeds") && plan.Seeds == 0 || plan.Time < 0 || plan.Tries < 0:
		return plan, usagef("--seeds must be greater than 0, and --time and --tries must not be less than 0")
	case plan.Jobs < 1 || plan.Jobs > 64:
		return plan, usagef("--jobs must be 1 to 64, not %d", plan.Jobs)
	}
	for _, text := range c.StringSlice("allow") {
		if err := plan.Radius.Permit(text); err != nil {
			return plan, usagef("--allow: %v", err)
		}
	}
	if err := plan.Radius.Check(); err != nil {
		return plan, usagef("%v", err)
	}
	plan.Radius.TLS = p.encrypts(c.Context, plan.Radius.Binaries)
	return plan, nil
}

// encrypts reports whether all servers can encrypt.
func (p *program) encrypts(ctx context.Context, binaries []string) bool {
	if len(binaries) == 0 {
		binaries = []string{"redis-server"}
	}
	return !slices.ContainsFunc(binaries, func(b string) bool { return !p.canEncrypt(ctx, b) })
}

// listOf splits a list at its commas.
func listOf(text string) []string {
	var list []string
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			list = append(list, word)
		}
	}
	return list
}

// printDrafts prints the scenarios of a plan, as YAML documents or as an array.
func (p *program) printDrafts(plan explore.Plan) error {
	if plan.Seeds == 0 {
		return usagef("--dry-run needs --seeds")
	}
	list := []*scenarios.Scenario{}
	for i := range plan.Seeds {
		text, err := grammar.Draw(plan.First+uint64(i), plan.Radius).YAML()
		if err != nil {
			return err
		}
		if p.json {
			s, err := scenarios.Parse(fmt.Sprintf("seed %d", plan.First+uint64(i)), text)
			if err != nil {
				return err
			}
			list = append(list, s)
			continue
		}
		if i > 0 {
			fmt.Fprintln(p.out, "---")
		}
		if _, err := p.out.Write(text); err != nil {
			return err
		}
	}
	if p.json {
		return p.printJSON(list)
	}
	return nil
}

// exploration is a search under way, with its folder.
type exploration struct {
	p       *program
	plan    explore.Plan
	dir     string
	program string
	keep    bool
	stop    <-chan struct{}
	// judged counts runs with a verdict.
	judged atomic.Int64
}

// settleLimit is how long a run may take beyond its load: to deploy, to wait for a whole
// cluster after healing, and to write its report.
const settleLimit = 6 * time.Minute

// search carries the plan out.
func (e *exploration) search(ctx context.Context) (*explore.Answer, error) {
	show := e.p.exploreProgress(e.plan)
	defer show.Close()
	s := &explore.Search{
		Plan: e.plan, Run: e.try, Keep: explore.Save, Drop: explore.Remove,
		Watch: show.Observe, Stop: e.stop, Now: time.Now,
	}
	if e.keep {
		s.Drop = func(string) error { return nil }
	}
	return s.All(ctx)
}

// try makes one run.
func (e *exploration) try(ctx context.Context, t explore.Trial) (explore.Outcome, error) {
	text, err := t.Draft.YAML()
	if err != nil {
		return explore.Outcome{}, err
	}
	name := fmt.Sprintf("seed-%d", t.Draft.Seed)
	if t.Try > 0 {
		name += fmt.Sprintf("-try-%d", t.Try)
	}
	r := trial.Request{Program: e.program, Dir: filepath.Join(e.dir, name), Scenario: text, Limit: t.Draft.Length() + settleLimit, Stop: e.stop}
	ended, err := e.p.try(ctx, r)
	if err != nil {
		return explore.Outcome{}, err
	}
	o := explore.OutcomeOf(ended, r.Dir)
	if o.Verdict != "" {
		e.judged.Add(1)
	} else if exitCode(ended.Code) == exitEnvironment && e.judged.Load() == 0 {
		return o, errors.Join(&exit{exitEnvironment, fmt.Errorf("no run is possible: %s", strings.TrimSpace(ended.Log))}, explore.Remove(e.dir))
	}
	return o, nil
}

// write keeps the answer beside the findings.
func (e *exploration) write(a *explore.Answer) error {
	var b bytes.Buffer
	if err := writeJSON(&b, a); err != nil {
		return err
	}
	if err := os.MkdirAll(e.dir, 0o755); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return results.WriteFile(filepath.Join(e.dir, "explore.json"), b.Bytes())
}
