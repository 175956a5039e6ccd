package explain

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slotstorm/slotstorm/scenarios"
)

// definition is a part of the schema of a scenario.
type definition struct {
	Description string                `json:"description"`
	Properties  map[string]definition `json:"properties"`
	Required    []string              `json:"required"`
	Ref         string                `json:"$ref"`
	Type        string                `json:"type"`
	Enum        []any                 `json:"enum"`
	Default     any                   `json:"default"`
	Const       any                   `json:"const"`
	Items       *definition           `json:"items"`
	OneOf       []definition          `json:"oneOf"`
	Examples    []any                 `json:"examples"`
}

type schema struct {
	Defs map[string]definition `json:"$defs"`
}

func read() (schema, error) {
	raw, err := scenarios.Schema()
	if err != nil {
		return schema{}, err
	}
	var s schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return schema{}, fmt.Errorf("reading the schema: %w", err)
	}
	return s, nil
}

// ofFaults are the kinds of faults: each is a field of which a fault has exactly one.
func ofFaults() ([]Topic, error) {
	s, err := read()
	if err != nil {
		return nil, err
	}
	fault := s.Defs["Fault"]
	var list []Topic
	for _, one := range fault.OneOf {
		for _, name := range one.Required {
			p := fault.Properties[name]
			t := s.topic(Fault, name, p)
			t.Text = joined(t.Text, s.resolve(p).Description)
			t.Type = ""
			list = append(list, t)
		}
	}
	return list, nil
}

// joined is two descriptions of one thing, without what both say.
func joined(a, b string) string {
	switch {
	case strings.Contains(a, b):
		return a
	case strings.Contains(b, a):
		return b
	}
	return a + " " + b
}

// field is the topic of a field by its path from the top of a scenario.
func field(path string) (Topic, bool, error) {
	s, err := read()
	if err != nil {
		return Topic{}, false, err
	}
	d := definition{Ref: "#/$defs/Scenario"}
	for _, name := range strings.Split(path, ".") {
		name, _, _ = strings.Cut(name, "[") // faults[0] is faults
		next, ok := s.inside(d).Properties[name]
		if !ok {
			return Topic{}, false, nil
		}
		d = next
	}
	return s.topic(Field, path, d), true, nil
}

// topic describes a definition, with the fields that it has.
func (s schema) topic(k Kind, name string, d definition) Topic {
	t := Topic{Kind: k, Name: name, Type: s.holds(d), Text: d.Description}
	in := s.inside(d)
	if t.Text == "" {
		t.Text = in.Description
	}
	if d.Default != nil {
		t.Text += " Default: " + inYAML(d.Default) + "."
	}
	for _, field := range slices.Sorted(maps.Keys(in.Properties)) {
		p := in.Properties[field]
		e := Entry{Name: field, Type: s.holds(p), Text: p.Description}
		if e.Text == "" {
			e.Text = s.resolve(p).Description
		}
		if p.Default != nil {
			e.Default = inYAML(p.Default)
		}
		if slices.Contains(in.Required, field) {
			e.Default = "required"
		}
		t.Fields = append(t.Fields, e)
	}
	slices.SortStableFunc(t.Fields, func(a, b Entry) int { return b.needed() - a.needed() })
	if len(t.Fields) == 0 && len(d.Examples) > 0 {
		t.Example = lastOf(name) + ": " + inYAML(d.Examples[0])
	}
	return t
}

// needed is 1 for a field that may not be left out.
func (e Entry) needed() int {
	if e.Default == "required" {
		return 1
	}
	return 0
}

func lastOf(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// inside is the definition with the fields of what a field holds: of a list those of its
// elements.
func (s schema) inside(d definition) definition {
	d = s.resolve(d)
	if d.Items != nil {
		return s.inside(*d.Items)
	}
	if len(d.Properties) == 0 {
		for _, one := range d.OneOf {
			if in := s.inside(one); len(in.Properties) > 0 {
				return in
			}
		}
	}
	return d
}

// resolve follows references.
func (s schema) resolve(d definition) definition {
	for d.Ref != "" {
		d = s.Defs[strings.TrimPrefix(d.Ref, "#/$defs/")]
	}
	return d
}

// holds names what a field holds.
func (s schema) holds(d definition) string {
	switch r := s.resolve(d); {
	case d.Items != nil:
		return "list of " + s.holds(*d.Items)
	case len(r.Enum) > 0:
		var words []string
		for _, v := range r.Enum {
			words = append(words, fmt.Sprint(v))
		}
		return strings.Join(words, " | ")
	case r.Const != nil:
		return fmt.Sprint(r.Const)
	case len(r.Properties) > 0:
		return "object"
	case len(r.OneOf) > 0:
		var kinds []string
		for _, one := range r.OneOf {
			if k := s.holds(one); !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
		return strings.Join(kinds, " or ")
	default:
		return r.Type
	}
}

// inYAML writes a value as a scenario states it.
func inYAML(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			fields = append(fields, name+": "+inYAML(v[name]))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, inYAML(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return fmt.Sprint(v)
}
