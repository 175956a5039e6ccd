package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) inspectVerb() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "show a scenario as it would run",
		UsageText: examples("slotstorm inspect kill-primary --set redis.shards=6", "slotstorm inspect kill-primary --comments > mine.yaml"),
		ArgsUsage: "SCENARIO",
		Description: "Prints the scenario with all defaults and with the changes by --set. Comments show the\n" +
			"timeline: the times of phases and faults. With --comments it prints the file with its\n" +
			"own comments, with the changes by --set and without the defaults. Both are valid\n" +
			"scenarios.",
		Flags:  append(settingFlags(), &cli.BoolFlag{Name: "comments", Usage: "print the file with its comments, without defaults"}),
		Action: p.inspect,
	}
}

// inspected is a scenario as inspect --json prints it.
type inspected struct {
	Scenario *scenarios.Scenario `json:"scenario"`
	Defaults []scenarios.Default `json:"defaults"`
	Timeline []moment            `json:"timeline"`
}

func (p *program) inspect(c *cli.Context) error {
	name, err := scenarioArg(c)
	if err != nil {
		return err
	}
	if c.Bool("comments") {
		return p.commented(name, overrides(c))
	}
	s, defaults, err := scenarios.Inspect(name, overrides(c)...)
	if err != nil {
		return unreadable(err)
	}
	if p.json {
		return p.printJSON(inspected{s, defaults, timeline(s)})
	}
	text, err := annotated(s, defaults)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "# %s as it would run. '# default' marks fields that the scenario does not set.\n%s\n%s", s.Metadata.Name, text, timelineText(s))
	return nil
}

// commented prints the file of a scenario with its comments.
func (p *program) commented(name string, set []string) error {
	if p.json {
		return usagef("--comments cannot be combined with --json, which has no comments")
	}
	text, err := scenarios.Commented(name, set...)
	if err != nil {
		return unreadable(err)
	}
	if _, err := p.out.Write(text); err != nil {
		return fmt.Errorf("printing the scenario: %w", err)
	}
	return nil
}

// annotated is s as YAML, in which defaults are marked by comments.
func annotated(s *scenarios.Scenario, defaults []scenarios.Default) ([]byte, error) {
	raw, err := s.YAML()
	if err != nil {
		return nil, err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(raw, &root); err != nil {
		return nil, fmt.Errorf("reading the resolved scenario: %w", err)
	}
	filled := map[string]string{}
	for _, d := range defaults {
		filled[d.Path] = strings.TrimSuffix("# default: "+d.Why, ": ")
	}
	mark(&root, "", "", filled)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&root); err != nil {
		return nil, fmt.Errorf("writing the resolved scenario: %w", err)
	}
	return b.Bytes(), nil
}

// mark adds a comment to each scalar of n, which stands at path, that is a default or part
// of one. filled has the comments by path.
func mark(n *yaml.Node, path, comment string, filled map[string]string) {
	if own := filled[path]; own != "" {
		comment = own
	}
	switch n.Kind {
	case yaml.ScalarNode:
		n.LineComment = comment
		if strings.ContainsFunc(n.Value, func(r rune) bool { return r != '\n' && !printable.Visible(r) }) {
			// In these quotes YAML reads the escapes that standard output shows.
			n.Style = yaml.DoubleQuotedStyle
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			mark(n.Content[i+1], strings.TrimPrefix(path+"."+n.Content[i].Value, "."), comment, filled)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			mark(c, fmt.Sprintf("%s[%d]", path, i), comment, filled)
		}
	case yaml.DocumentNode:
		for _, c := range n.Content {
			mark(c, path, comment, filled)
		}
	}
}
