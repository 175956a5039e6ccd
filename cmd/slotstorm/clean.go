package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/upkeep"
)

func (p *program) cleanVerb() *cli.Command {
	return &cli.Command{
		Name:      "clean",
		Usage:     "remove the Kubernetes objects of runs that were killed",
		UsageText: examples("slotstorm clean --dry-run", "slotstorm clean --cluster kube --context staging"),
		ArgsUsage: "[RUN...]",
		Description: "Removes the namespaces, objects and kind clusters of runs that ended without removing\n" +
			"them. It removes only objects that belong to a run: those in a namespace with a Lease\n" +
			"object that names the run and the UID of the namespace. A run counts as ended if it has\n" +
			"not renewed its lease for 60 s; this check takes up to a minute. RUN is an id or the\n" +
			"beginning of an id. Without RUN, it cleans up after all such runs. Deployments made by\n" +
			"'slotstorm up' are kept, except with --all.",
		Flags: append(whereFlags(),
			&cli.BoolFlag{Name: "dry-run", Usage: "print what would be removed, and remove nothing"},
			&cli.BoolFlag{Name: "all", Usage: "also remove kept deployments, the objects of runs in progress, and all kind clusters that slotstorm created; asks first"},
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "with --all: do not ask for confirmation"}),
		Action: p.clean,
	}
}

func (p *program) clean(c *cli.Context) error {
	w, err := p.where(c)
	if err != nil {
		return err
	}
	o := upkeep.CleanOptions{Where: w, Runs: c.Args().Slice(), All: c.Bool("all")}
	o.Confirm = func(left []upkeep.Left) (bool, error) {
		switch {
		case c.Bool("dry-run"):
			return false, nil
		case !o.All || c.Bool("yes"):
			return true, nil
		}
		for _, l := range left {
			fmt.Fprintf(p.err, "%s\n", leftLine(l))
		}
		return p.agreed(os.Stdin, "remove all of this?")
	}
	ctx, release := p.abrupt(c.Context)
	defer release()
	found, err := upkeep.Clean(ctx, o)
	if found == nil {
		return err
	}
	if p.json {
		return errors.Join(p.printJSON(found), err)
	}
	if p.quiet {
		return err
	}
	for _, l := range found.Left {
		word := console.Paint(p.colorOut, console.Yellow, "left     ")
		if l.Removed {
			word = console.Paint(p.colorOut, console.Green, "removed  ")
		}
		fmt.Fprintln(p.out, word+leftLine(l))
	}
	for _, a := range found.Alone {
		fmt.Fprintln(p.out, console.Paint(p.colorOut, console.Dim, "untouched")+" "+a.Name+": "+a.Why)
	}
	if len(found.Left) == 0 && err == nil {
		fmt.Fprintln(p.out, "Nothing to remove.")
	}
	return err
}

func leftLine(l upkeep.Left) string {
	text := l.What + " " + l.Name
	if l.What == "objects" {
		text = "objects in namespace " + l.Name
	}
	if l.Context != "" {
		text += " of " + l.Context
	}
	return text + ", run " + l.Run + ": " + l.Why
}

// agreed asks for confirmation on a terminal.
func (p *program) agreed(in *os.File, question string) (bool, error) {
	if !term.IsTerminal(int(in.Fd())) {
		return false, usagef("--all asks for confirmation, which needs a terminal; without one, add --yes")
	}
	fmt.Fprintf(p.err, "%s [y/N] ", question)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("reading the answer: %w", err)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}
