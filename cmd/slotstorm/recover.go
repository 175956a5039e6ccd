package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/upkeep"
	"github.com/slotstorm/slotstorm/results"
)

func (p *program) recoverVerb() *cli.Command {
	return &cli.Command{
		Name:      "recover",
		Usage:     "undo faults that a killed run left active, and verify it",
		ArgsUsage: "RUN",
		Description: "Reads the journal of the run, which records each fault before it acts, undoes the faults\n" +
			"that are still active, and verifies that none is. RUN is a folder, an id, or the\n" +
			"beginning of an id.\n\n" +
			"With namespaces, the kernel removed all faults when the process of the run ended. On\n" +
			"plain loopback, the processes in the journal are ended, if they are certainly the same.\n" +
			"Then the data of the nodes is removed, unless the run had --keep-volumes. On\n" +
			"Kubernetes, what the run left is removed as by 'slotstorm clean'. A deployment that the\n" +
			"run used is kept, and recover waits until it is healthy.\n\n" +
			"Exit code 7 means that this could not be verified. A journal that other users can write\n" +
			"to is refused. A context other than that of a kind, k3d or minikube cluster on this\n" +
			"machine must be named with --context.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "context", Usage: "use the context `NAME` of the kubeconfig"},
		},
		Action: p.recover,
	}
}

func (p *program) recover(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("slotstorm recover needs one run: a folder, an id, or the beginning of an id; 'slotstorm list' lists all runs")
	}
	dir, err := results.Find(p.root, c.Args().First())
	if err != nil {
		return err
	}
	r, err := upkeep.Recover(c.Context, dir, c.String("context"))
	if errors.Is(err, results.ErrUnderWay) {
		return fmt.Errorf("%s: %w: stop it with Ctrl-C, which heals its faults", c.Args().First(), err)
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
		fmt.Fprintln(p.out, "No fault was active when the run ended.")
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
