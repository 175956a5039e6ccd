package explain

import (
	"fmt"
	"maps"
	"slices"
)

// Setting is a field that --set can set to a single value.
type Setting struct {
	// Path is what stands before the =, such as timeline.faults[0].at.
	Path string
	// Text describes the field.
	Text string
	// Values are all values that it can have; nil if they are not a list.
	Values []string
}

// mostItems is how many items of a list have settings of their own.
const mostItems = 20

// Settings are the fields of a scenario, by path. Lists have as many items as in
// given, the scenario as YAML decodes it, and at least one.
func Settings(given any) ([]Setting, error) {
	s, err := read()
	if err != nil {
		return nil, err
	}
	var list []Setting
	s.settings("", definition{Ref: "#/$defs/Scenario"}, given, &list)
	return list, nil
}

// settings appends those of the field d at path, whose value is given.
func (s schema) settings(path string, d definition, given any, list *[]Setting) {
	r := s.resolve(d)
	in := s.inside(d)
	switch {
	case r.Items != nil && len(in.Properties) > 0:
		items, _ := given.([]any)
		for i := range min(max(1, len(items)), mostItems) {
			var item any
			if i < len(items) {
				item = items[i]
			}
			s.settings(fmt.Sprintf("%s[%d]", path, i), *r.Items, item, list)
		}
	case len(in.Properties) > 0:
		fields, _ := given.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(in.Properties)) {
			next := name
			if path != "" {
				next = path + "." + name
			}
			s.settings(next, in.Properties[name], fields[name], list)
		}
	default:
		one := Setting{Path: path, Text: d.Description}
		for _, v := range r.Enum {
			one.Values = append(one.Values, fmt.Sprint(v))
		}
		if r.Type == "boolean" {
			one.Values = []string{"true", "false"}
		}
		*list = append(*list, one)
	}
}
