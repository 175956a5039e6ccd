package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
)

func (p *program) helpVerb() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "show help for a verb or for the exit codes",
		ArgsUsage: "[VERB|exit-codes]",
		Action: func(c *cli.Context) error {
			if c.NArg() > 1 {
				return usagef("slotstorm help takes one argument: a verb, or exit-codes")
			}
			switch topic := c.Args().First(); topic {
			case "":
				p.helpProgram(p.out)
			case "exit-codes":
				helpExitCodes(p.out)
			default:
				verb := p.app.Command(topic)
				if verb == nil {
					return usagef("unknown verb %q%s; 'slotstorm help' lists all verbs", topic, suggest(topic, verbNames(p.app)))
				}
				p.helpVerbOn(p.out, verb)
			}
			return nil
		},
	}
}

func (p *program) helpProgram(w io.Writer) {
	fmt.Fprintf(w, "slotstorm - %s\n\nUsage: slotstorm VERB [arguments] [flags]\n\nVerbs:\n", p.app.Usage)
	for _, v := range p.app.Commands {
		if !v.Hidden {
			fmt.Fprintf(w, "  %-12s %s\n", v.Name, v.Usage)
		}
	}
	helpFlags(w, []flagGroup{{"Flags", flagRows(p.app.Flags, "")}})
	fmt.Fprint(w, "\nTo start, run 'slotstorm run kill-primary'. 'slotstorm help VERB' explains a verb, and\n'slotstorm help exit-codes' explains the exit codes.\n")
}

func (p *program) helpVerbOn(w io.Writer, v *cli.Command) {
	fmt.Fprintf(w, "slotstorm %s - %s\n\nUsage: %s\n", v.Name, v.Usage, usageLine(v))
	if v.Description != "" {
		fmt.Fprintf(w, "\n%s\n", v.Description)
	}
	helpFlags(w, []flagGroup{{"Flags", flagRows(v.Flags, v.Name)}, {"Global flags", flagRows(p.app.Flags, v.Name)}})
	if v.Name == "run" {
		fmt.Fprintln(w)
		helpExitCodes(w)
	}
}

func helpExitCodes(w io.Writer) {
	fmt.Fprintln(w, "Exit codes:")
	for _, c := range exitCodes {
		fmt.Fprintf(w, "  %3d  %s\n", c.Code, c.Meaning)
	}
	fmt.Fprintf(w, "%s\n", exitSignals)
}

// flagGroup is a list of flags under a title.
type flagGroup struct {
	title string
	rows  []flagRow
}

// helpFlags lists flags in two columns: "-o, --output FILE  what it does (default: x)".
func helpFlags(w io.Writer, groups []flagGroup) {
	width := 0
	for _, g := range groups {
		for _, r := range g.rows {
			width = max(width, len(r.names))
		}
	}
	for _, g := range groups {
		if len(g.rows) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s:\n", g.title)
		for _, r := range g.rows {
			fmt.Fprintf(w, "  %-*s  %s\n", width, r.names, r.usage)
		}
	}
}
