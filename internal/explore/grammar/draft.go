// Package grammar draws scenarios. The same seed and radius give the same scenario, and
// every scenario is valid.
//
//	seed, Radius ─▶ settings ─▶ steps ─▶ Draft ─▶ YAML
//
// A Draft is a list of settings and of steps that can each be left out, so that a search
// can make it smaller. A new setting is an entry of knobs; a new kind of fault is an
// entry of drawers and of Kinds.
package grammar

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/slotstorm/slotstorm/scenarios"
)

// Draft is a scenario in parts.
type Draft struct {
	Seed uint64
	// Base holds the settings that stay: what makes a run short and harmless. Settings
	// come on top, and each can be left out.
	Base, Settings []Setting
	// Steps are the faults, by time.
	Steps []Step
}

// Setting is a field of a scenario with its value as YAML.
type Setting struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// String is the setting as --set takes it.
func (s Setting) String() string { return s.Path + "=" + s.Value }

// Step is one fault.
type Step struct {
	Name string `json:"name"`
	// Kind is the name of the action: "kill".
	Kind string        `json:"kind"`
	At   time.Duration `json:"at"`
	// Lasts is 0 for a fault that is over once it has acted.
	Lasts time.Duration `json:"lasts,omitempty"`
	// Fields are those of the action, as YAML: "target: primary of shard 0".
	Fields string `json:"fields"`
	// Allow are the permissions that it has.
	Allow []scenarios.Permission `json:"allow,omitempty"`
}

// String is the step as a scenario writes it.
func (s Step) String() string {
	parts := []string{"name: " + s.Name, "at: " + text(s.At)}
	if s.Lasts > 0 {
		parts = append(parts, "duration: "+text(s.Lasts))
	}
	if len(s.Allow) > 0 {
		var words []string
		for _, p := range s.Allow {
			words = append(words, string(p))
		}
		parts = append(parts, "allow: ["+strings.Join(words, ", ")+"]")
	}
	return "{" + strings.Join(append(parts, s.Kind+": {"+s.Fields+"}"), ", ") + "}"
}

func text(d time.Duration) string { return scenarios.Duration(d).String() }

// The timeline of a draft: faults come after a calm phase, and before another.
const (
	calm  = 3 * time.Second
	after = 4 * time.Second
	// storm is the longest stretch in which faults begin, longest the longest fault.
	storm   = 9 * time.Second
	longest = 4 * time.Second
	warmup  = time.Second
)

// Length is the load of a draft, without the warm-up: 8 to 20 s.
func (d Draft) Length() time.Duration { return calm + d.storm() + after }

// storm is the length of the phase of the faults, in whole seconds.
func (d Draft) storm() time.Duration {
	end := time.Second
	for _, s := range d.Steps {
		end = max(end, s.At+max(s.Lasts, 100*time.Millisecond)-calm)
	}
	return (end + time.Second - 1).Truncate(time.Second)
}

// Name is the name of the scenario.
func (d Draft) Name() string { return fmt.Sprintf("explore-%d", d.Seed) }

// YAML is the scenario, as short as it can be said.
func (d Draft) YAML() ([]byte, error) {
	var doc yaml.Node
	head := fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: %s, description: 'Drawn by slotstorm explore, seed %d.'}\nseed: %d\n",
		scenarios.Version, scenarios.Kind, d.Name(), d.Seed, d.Seed)
	if err := yaml.Unmarshal([]byte(head), &doc); err != nil {
		return nil, fmt.Errorf("the scenario of seed %d: %w", d.Seed, err)
	}
	phases := fmt.Sprintf("[{name: steady, duration: %s}, {name: faults, duration: %s}, {name: recovered, duration: %s}]", text(calm), text(d.storm()), text(after))
	settings := slices.Concat(d.Base, d.Settings, []Setting{{"timeline.phases", phases}})
	if len(d.Steps) > 0 {
		lines := ""
		for _, s := range d.Steps {
			lines += "- " + s.String() + "\n"
		}
		settings = append(settings, Setting{"timeline.faults", lines})
	}
	for _, s := range settings {
		if err := put(doc.Content[0], strings.Split(s.Path, "."), s.Value); err != nil {
			return nil, fmt.Errorf("the scenario of seed %d: %s: %w", d.Seed, s, err)
		}
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&doc); err != nil {
		return nil, fmt.Errorf("the scenario of seed %d: %w", d.Seed, err)
	}
	return b.Bytes(), nil
}

// put sets the field of a mapping at a path.
func put(n *yaml.Node, path []string, value string) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("%s is not in a mapping", path[0])
	}
	at := -1
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == path[0] {
			at = i + 1
		}
	}
	if at < 0 {
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: path[0]}
		n.Content = append(n.Content, key, &yaml.Node{Kind: yaml.MappingNode})
		at = len(n.Content) - 1
	}
	if len(path) > 1 {
		return put(n.Content[at], path[1:], value)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(value), &doc); err != nil {
		return err
	}
	n.Content[at] = doc.Content[0]
	return nil
}

// Scenario is the scenario, complete and valid, or what is wrong with it: a draft that
// was made smaller can lack what another part needs.
func (d Draft) Scenario() (*scenarios.Scenario, error) {
	data, err := d.YAML()
	if err != nil {
		return nil, err
	}
	return scenarios.Parse(d.Name()+".yaml", data)
}
