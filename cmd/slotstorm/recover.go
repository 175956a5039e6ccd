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
		Usage:     "undo the faults of a run that was killed, and verify that none is active",
		UsageText: examples("slotstorm recover 20260304-050607-kill-primary", "slotstorm recover 20260304-050607-kill-primary --context staging"),
		ArgsUsage: "RUN",
		Description: "A run writes each fault to a file, its journal, before it injects the fault. This verb\n" +
			"reads the journal, undoes the faults that are still active, and verifies that none is\n" +
			"active. RUN is a folder, an id, or the beginning of an id.\n\n" +
			"After a local run in Linux namespaces, the kernel has already removed all faults. After a\n" +
			"local run without namespaces, recover ends the processes of the run, which the journal\n" +
			"also lists, but only those that certainly are still the ones that the run started. After\n" +
			"either kind of local run, it removes the data of the nodes, unless the run had\n" +
			"--keep-volumes. After a run on Kubernetes, it removes the objects of the run as\n" +
			"'slotstorm clean' does. It keeps a deployment of 'slotstorm up', and waits\n" +
			"until its cluster is healthy. If the run used a cluster that is not a kind, k3d or\n" +
			"minikube cluster on this machine, name its context with --context. The heal programs of\n" +
			"exec faults run only with --allow-exec.\n\n" +
			"recover refuses a journal that other users can write to. Exit code 7 means that it\n" +
			"could not verify that no fault is active.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "context", Usage: "use the context `NAME` of the kubeconfig"},
			allowExecFlag("permit the heal programs of exec faults of the run, which run on this machine"),
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
	r, err := upkeep.Recover(c.Context, dir, upkeep.RecoverOptions{Context: c.String("context"), AllowExec: c.Bool("allow-exec")})
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
