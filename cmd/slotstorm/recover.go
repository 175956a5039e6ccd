package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/results"
)

func (p *program) recoverVerb() *cli.Command {
	return &cli.Command{
		Name:      "recover",
		Usage:     "heal what a run that was killed has left in force, and verify it",
		ArgsUsage: "RUN",
		Description: "Reads the run's journal, which tells each fault before it acted, ends what is left of\n" +
			"it, and verifies that nothing is in force any more. RUN is a folder, an id, or the\n" +
			"beginning of an id. In a sealed room the kernel has healed already, with the run's\n" +
			"process; on plain loopback the processes that the journal names are ended, if they\n" +
			"are the same beyond doubt. Then the nodes' data is removed, unless --keep-volumes\n" +
			"kept it. On Kubernetes what the run has left is removed, as 'slotstorm clean' does;\n" +
			"a deployment that it used is kept, and awaited whole. Exit code 7 if it cannot be\n" +
			"verified. The journal must be yours: one that others can write to is refused. A\n" +
			"context that only the journal names must be that of a kind, k3d or minikube cluster\n" +
			"on this machine; any other one must be named here.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "context", Usage: "recover in the cluster of the context `NAME` of the kubeconfig"},
		},
		Action: p.recover,
	}
}

func (p *program) recover(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("slotstorm recover needs one run: a folder, an id, or the beginning of one; 'slotstorm list' shows them")
	}
	dir, err := results.Find(p.root, c.Args().First())
	if err != nil {
		return err
	}
	r, err := runner.Recover(c.Context, dir, c.String("context"))
	if errors.Is(err, results.ErrUnderWay) {
		return fmt.Errorf("%s: %w: press Ctrl-C there, which heals", c.Args().First(), err)
	}
	switch {
	case err != nil:
		return err
	case p.json:
		return p.printJSON(r)
	case p.quiet:
		return nil
	}
	if len(r.Faults) == 0 {
		fmt.Fprintln(p.out, "No fault was in force when the run ended.")
	}
	for _, f := range r.Faults {
		fmt.Fprintf(p.out, "healed  %s\n", f)
	}
	if len(r.Ended) > 0 {
		fmt.Fprintf(p.out, "ended   processes %s of the run\n", strings.Trim(fmt.Sprint(r.Ended), "[]"))
	}
	for _, removed := range r.Removed {
		fmt.Fprintf(p.out, "removed %s\n", removed)
	}
	fmt.Fprintf(p.out, "%s %s\n", console.Paint(p.colorOut, console.Green, "seen   "), r.Seen)
	return nil
}
