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
	"github.com/slotstorm/slotstorm/internal/runner"
)

func (p *program) cleanVerb() *cli.Command {
	return &cli.Command{
		Name:      "clean",
		Usage:     "remove what runs on Kubernetes have left that were killed",
		ArgsUsage: "[RUN...]",
		Description: "Finds the namespaces, objects and kind clusters of runs that have ended without\n" +
			"removing them, and removes exactly these. What counts is proved, by the uid of the\n" +
			"namespace and the run's id, and watched for as long as a run that lives would take to\n" +
			"show it: up to a minute. RUN is an id, or the beginning of one; without any all runs\n" +
			"count. Deployments that 'slotstorm up' keeps are left alone, unless with --all.",
		Flags: append(whereFlags(),
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be removed, and remove nothing"},
			&cli.BoolFlag{Name: "all", Usage: "remove what is kept or in use, too; asks first"},
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "with --all: do not ask"}),
		Action: p.clean,
	}
}

func (p *program) clean(c *cli.Context) error {
	w, err := p.where(c)
	if err != nil {
		return err
	}
	o := runner.CleanOptions{Where: w, Runs: c.Args().Slice(), All: c.Bool("all")}
	o.Confirm = func(left []runner.Left) (bool, error) {
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
	found, err := runner.Clean(ctx, o)
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
		fmt.Fprintln(p.out, "There is nothing to remove.")
	}
	return err
}

func leftLine(l runner.Left) string {
	text := l.What + " " + l.Name
	if l.What == "objects" {
		text = "objects in namespace " + l.Name
	}
	if l.Context != "" {
		text += " of " + l.Context
	}
	return text + ", run " + l.Run + ": " + l.Why
}

// agreed asks a question that only a terminal can answer.
func (p *program) agreed(in *os.File, question string) (bool, error) {
	if !term.IsTerminal(int(in.Fd())) {
		return false, usagef("--all asks before it removes anything, and there is no terminal: add --yes if you mean it")
	}
	fmt.Fprintf(p.err, "%s [y/N] ", question)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("reading the answer: %w", err)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}
