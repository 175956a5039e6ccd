package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/console"
)

func (p *program) helpVerb() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "show help for a verb or for the exit codes",
		UsageText: examples("slotstorm help run", "slotstorm help exit-codes"),
		ArgsUsage: "[VERB|exit-codes]",
		Action: func(c *cli.Context) error {
			if c.NArg() > 1 {
				return usagef("slotstorm help takes one argument: a verb, or exit-codes")
			}
			switch topic := c.Args().First(); topic {
			case "":
				p.helpProgram(p.out)
			case "exit-codes":
				p.helpExitCodes(p.out)
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

// helpWidth is the longest line of a help page, if its words allow.
const helpWidth = 100

// textWidth is the width of help: that of the terminal, but neither so wide nor so narrow
// that texts become hard to read.
func (p *program) textWidth() int {
	return min(cmp.Or(p.reportWidth(), helpWidth), helpWidth)
}

// reportWidth is the width of reports: that of the terminal, whose tables may be wide, or 0
// if they go elsewhere.
func (p *program) reportWidth() int {
	if fd, ok := console.Terminal(p.terminal, p.getenv); ok {
		return max(60, console.Width(fd))
	}
	return 0
}

func (p *program) helpProgram(w io.Writer) {
	fmt.Fprintf(w, "slotstorm - %s\n\nUsage: slotstorm VERB [arguments] [flags]\n", p.app.Usage)
	var groups []flagGroup
	for _, v := range p.app.Commands {
		if v.Hidden {
			continue
		}
		if len(groups) == 0 || groups[len(groups)-1].title != v.Category {
			groups = append(groups, flagGroup{title: v.Category})
		}
		g := &groups[len(groups)-1]
		g.rows = append(g.rows, flagRow{v.Name, v.Usage})
	}
	helpFlags(w, p.textWidth(), groups)
	helpFlags(w, p.textWidth(), []flagGroup{{"Flags", flagRows(p.app.Flags, "")}})
	fmt.Fprintln(w)
	helpText(w, p.textWidth(), "To start, run 'slotstorm run kill-primary'. 'slotstorm help VERB' explains a verb, and 'slotstorm help exit-codes' explains the exit codes.")
}

func (p *program) helpVerbOn(w io.Writer, v *cli.Command) {
	width := p.textWidth()
	fmt.Fprintf(w, "slotstorm %s - %s\n\nUsage: %s\n", v.Name, v.Usage, usageLine(v))
	if v.Description != "" {
		fmt.Fprintln(w)
		helpText(w, width, v.Description)
	}
	if v.UsageText != "" {
		fmt.Fprint(w, "\nExamples:\n")
		for line := range strings.Lines(v.UsageText) {
			fmt.Fprintf(w, "  %s\n", strings.TrimSuffix(line, "\n"))
		}
	}
	helpFlags(w, width, []flagGroup{{"Flags", flagRows(v.Flags, v.Name)}, {"Global flags", flagRows(p.app.Flags, v.Name)}})
	if v.Name == "run" {
		fmt.Fprintln(w)
		p.helpExitCodes(w)
	}
}

func (p *program) helpExitCodes(w io.Writer) {
	fmt.Fprintln(w, "Exit codes:")
	for _, c := range exitCodes {
		helpRow(w, p.textWidth(), fmt.Sprintf("  %3d  ", c.Code), c.Meaning)
	}
	helpText(w, p.textWidth(), exitSignals)
}

// helpText prints paragraphs, each filled to the width. Lines that are indented or that
// align columns stay as they are.
func helpText(w io.Writer, width int, text string) {
	var words []string
	flush := func() {
		for _, line := range console.Fill(words, width) {
			fmt.Fprintln(w, line)
		}
		words = nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.Contains(line, "  ") {
			flush()
			fmt.Fprintln(w, line)
			continue
		}
		words = append(words, strings.Fields(line)...)
	}
	flush()
}

// flagGroup is a list of flags, or of verbs, under a title.
type flagGroup struct {
	title string
	rows  []flagRow
}

// nameWidth is the widest name beside which its text begins. The text of a wider name
// begins below it.
const nameWidth = 22

// helpFlags lists flags in two columns: "-o, --output FILE  what it does (default: x)".
func helpFlags(w io.Writer, width int, groups []flagGroup) {
	column := 0
	for _, g := range groups {
		for _, r := range g.rows {
			if len(r.names) <= nameWidth {
				column = max(column, len(r.names))
			}
		}
	}
	for _, g := range groups {
		if len(g.rows) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s:\n", g.title)
		for _, r := range g.rows {
			lead := fmt.Sprintf("  %-*s  ", column, r.names)
			if len(r.names) > column {
				fmt.Fprintf(w, "  %s\n", r.names)
				lead = strings.Repeat(" ", column+4)
			}
			helpRow(w, width, lead, r.usage)
		}
	}
}

// helpRow prints a text after a lead, its further lines below its beginning.
func helpRow(w io.Writer, width int, lead, text string) {
	for _, line := range console.Fill(strings.Fields(text), width-len(lead)) {
		fmt.Fprintln(w, strings.TrimRight(lead+line, " "))
		lead = strings.Repeat(" ", len(lead))
	}
}
