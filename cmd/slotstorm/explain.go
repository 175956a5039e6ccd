package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/explain"
)

// explainWidth is the longest line of an explanation.
const explainWidth = 90

func (p *program) explainVerb() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "explain a metric, fault, target, finding, verdict or field of a scenario",
		UsageText: examples("slotstorm explain failover.server", "slotstorm explain 'primary of shard 0'"),
		ArgsUsage: "[NAME]",
		Description: "NAME is a name from a scenario or a report, or the path of a field:\n" +
			"  slotstorm explain failover.server          a metric\n" +
			"  slotstorm explain partition                a fault, with its fields\n" +
			"  slotstorm explain 'primary of shard 0'     a target\n" +
			"  slotstorm explain unsynced-replica         a finding\n" +
			"  slotstorm explain inconclusive             a verdict\n" +
			"  slotstorm explain workload.prefill         a field of a scenario\n" +
			"Without NAME it lists all names; metrics, faults, targets, findings and verdicts list one\n" +
			"kind each.",
		Action: p.explain,
	}
}

func (p *program) explain(c *cli.Context) error {
	// A target is several words, with or without quotes.
	name := strings.Join(c.Args().Slice(), " ")
	if name == "" {
		return p.explainAll(explain.Kinds())
	}
	for _, k := range explain.Kinds() {
		if name == plural(k) {
			return p.explainAll([]explain.Kind{k})
		}
	}
	t, ok, err := explain.Find(name)
	if err != nil {
		return err
	}
	if !ok {
		near, err := explain.Near(name)
		if err != nil {
			return err
		}
		hint := "'slotstorm explain' lists all names"
		if len(near) > 0 {
			hint = "did you mean " + strings.Join(near, ", ") + "? " + hint
		}
		return usagef("nothing is called %q; %s", name, hint)
	}
	if p.json {
		return p.printJSON(t)
	}
	if p.quiet {
		return nil
	}
	return explained(p.out, p.colorOut, t)
}

// plural names a kind where several are listed.
func plural(k explain.Kind) string { return string(k) + "s" }

// explainAll lists the topics of kinds, a line each.
func (p *program) explainAll(kinds []explain.Kind) error {
	all := []explain.Topic{}
	for _, k := range kinds {
		list, err := explain.Topics(k)
		if err != nil {
			return err
		}
		all = append(all, list...)
	}
	if p.json {
		return p.printJSON(all)
	}
	if p.quiet {
		return nil
	}
	w := &sticky{w: p.out}
	for i, k := range kinds {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, console.Paint(p.colorOut, console.Bold, strings.ToUpper(plural(k))))
		var names []string
		for _, t := range all {
			switch {
			case t.Kind != k:
			case len(kinds) > 1:
				names = append(names, t.Name)
			default:
				fmt.Fprintln(w, "  "+console.Paint(p.colorOut, console.Bold, t.Name))
				wrapped(w, "    ", t.Text)
			}
		}
		wrapped(w, "  ", strings.Join(names, ", "))
	}
	if len(kinds) > 1 {
		fmt.Fprintln(w)
		wrapped(w, "", "'slotstorm explain NAME' explains one of them, or a field of a scenario by its path, such as redis.auth or timeline.faults.kill.away.")
	}
	return w.err
}

// explained prints one topic.
func explained(to io.Writer, color bool, t explain.Topic) error {
	w := &sticky{w: to}
	fmt.Fprintf(w, "%s (%s)\n", console.Paint(color, console.Bold, t.Name), strings.TrimSuffix(string(t.Kind)+", "+t.Type, ", "))
	wrapped(w, "", t.Text)
	if len(t.Fields) > 0 {
		fmt.Fprintln(w)
	}
	for _, f := range t.Fields {
		notes := f.Type
		switch {
		case f.Default == "required":
			notes += ", required"
		case f.Default != "":
			notes += ", default " + f.Default
		}
		fmt.Fprintf(w, "  %s (%s)\n", console.Paint(color, console.Bold, f.Name), notes)
		wrapped(w, "    ", f.Text)
	}
	if t.Example != "" {
		fmt.Fprintln(w, "\n  "+strings.ReplaceAll(t.Example, "\n", "\n  "))
	}
	return w.err
}

// wrapped prints a text in lines of at most explainWidth, each after an indent.
func wrapped(w io.Writer, indent, text string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(indent+line+" "+word)) > explainWidth {
			fmt.Fprintln(w, indent+line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		fmt.Fprintln(w, indent+line)
	}
}
