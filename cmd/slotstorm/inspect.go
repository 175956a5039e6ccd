package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/scenarios"
)

func (p *program) inspectVerb() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "show a scenario as it would run",
		ArgsUsage: "SCENARIO",
		Description: "Prints the scenario with every default and every --set filled in, and what happens\n" +
			"when. What it prints is a scenario again.",
		Flags:  p.overrideFlags(),
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
	fmt.Fprintf(p.out, "# %s as it would run. '# default' marks what the scenario leaves open.\n%s\n%s", s.Metadata.Name, text, timelineText(s))
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

// mark comments the scalars of n, which stands at path, that are defaults or
// lie in one; filled holds the comments, by path.
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

// moment is something that happens at a known time of the timeline.
type moment struct {
	// At counts from the end of warm-up. With a jitter it is the earliest time,
	// and Latest the latest.
	At     scenarios.Duration  `json:"at"`
	Latest *scenarios.Duration `json:"latest,omitempty"`
	// Kind is "phase", "fault" or "end".
	Kind   string `json:"kind"`
	Name   string `json:"name,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// timeline is what happens in s, in order of time. What takes place at the same
// time keeps the scenario's order, phases first.
func timeline(s *scenarios.Scenario) []moment {
	var list []moment
	var at scenarios.Duration
	for _, ph := range s.Timeline.Phases {
		list = append(list, moment{At: at, Kind: "phase", Name: ph.Name, Detail: ph.Duration.String()})
		at += ph.Duration
	}
	list = append(list, moment{At: at, Kind: "end"})
	for _, f := range s.Timeline.Faults {
		list = append(list, injections(f)...)
	}
	slices.SortStableFunc(list, func(a, b moment) int {
		if a.At != b.At {
			return int(min(max(a.At-b.At, -1), 1))
		}
		return 0
	})
	return list
}

// injections are the times at which f acts.
func injections(f scenarios.Fault) []moment {
	one := moment{At: f.At, Kind: "fault", Name: f.Name, Detail: f.Detail()}
	if f.Repeat == nil {
		return []moment{one}
	}
	list := make([]moment, f.Repeat.Times)
	for i := range list {
		list[i] = one
		list[i].Name = fmt.Sprintf("%s-%d", f.Name, i+1)
		list[i].At = f.At + scenarios.Duration(i)*f.Repeat.Every
		if f.Repeat.Jitter > 0 {
			latest := list[i].At + f.Repeat.Jitter
			list[i].Latest = &latest
		}
	}
	return list
}

// timelineText is the timeline as a comment in YAML.
func timelineText(s *scenarios.Scenario) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Timeline, from the end of the warm-up (%s):\n", s.Workload.Warmup)
	for _, m := range timeline(s) {
		at := m.At.String()
		if m.Latest != nil {
			at += " to " + m.Latest.String()
		}
		line := fmt.Sprintf("#   %-14s %-6s %s", at, m.Kind, m.Name)
		if m.Detail != "" {
			line += " (" + m.Detail + ")"
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if s.Repeat > 1 {
		total := time.Duration(s.Repeat) * (s.Workload.Warmup + s.Timeline.Length()).Std()
		fmt.Fprintf(&b, "# All of it %d times, seeds %d to %d: load for %s.\n", s.Repeat, s.Seed, s.Seed+uint64(s.Repeat-1), scenarios.Duration(total))
	}
	return b.String()
}
