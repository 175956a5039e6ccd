package scenarios

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// step is one part of an override's path.
type step struct {
	name   string // as in .name, .0 or ["name"]
	index  bool   // as in [0]
	column int    // in the override
}

// position is the list index that s names.
func (s step) position() (int, bool) {
	n, err := strconv.Atoi(s.name)
	return n, err == nil && n >= 0 && s.name[0] != '+'
}

// override applies one path=value to the tree.
func (d *document) override(text string) {
	at := func(column int) *yaml.Node {
		n := &yaml.Node{Kind: yaml.ScalarNode, Column: column}
		d.from[n] = text
		return n
	}
	if !utf8.ValidString(text) {
		d.fail(at(1), "", "", "the override is not UTF-8")
		return
	}
	path, rest, column, message := parsePath(text)
	if message != "" {
		d.fail(at(column), "", "write path=value, such as redis.shards=5 or timeline.faults[0].at=5s", "%s", message)
		return
	}
	value := d.overrideValue(text, rest, column)
	if value == nil || d.fatal || d.root == nil || d.root.Kind != yaml.MappingNode {
		return
	}
	remove := value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null"
	n := d.root
	for i, s := range path {
		last := i == len(path)-1
		if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
			*n = yaml.Node{Kind: container(s), Line: n.Line, Column: n.Column}
		}
		slot, message := find(n, s)
		if message != "" {
			d.fail(at(s.column), pathText(path[:i]), "", "%s", message)
			return
		}
		switch {
		case slot >= 0 && !last:
			n = n.Content[slot]
			continue
		case slot >= 0 && remove:
			removeAt(n, slot)
			return
		case slot >= 0:
			old := n.Content[slot]
			value.HeadComment, value.LineComment, value.FootComment = old.HeadComment, old.LineComment, old.FootComment
			n.Content[slot] = value
			return
		case remove:
			d.nothing(path[i:], path[:i], at)
			return
		}
		next := value
		if !last {
			next = at(s.column)
			next.Kind = container(path[i+1])
		}
		appendTo(n, next, at(s.column), s.name)
		n = next
	}
}

// appendTo puts an item at the end of n, in a mapping under a name.
func appendTo(n, item, key *yaml.Node, name string) {
	if n.Kind == yaml.MappingNode {
		key.Value, key.Tag = name, "!!str"
		n.Content = append(n.Content, key)
	}
	n.Content = append(n.Content, item)
}

// nothing checks the rest of a path of which nothing is stated, and so nothing is to be removed:
// a wrong name would go unseen.
func (d *document) nothing(rest, before []step, at func(column int) *yaml.Node) {
	t, ok := typeAt(reflect.TypeFor[Scenario](), before)
	for i, s := range rest {
		if !ok {
			return
		}
		here := append(slices.Clone(before), rest[:i]...)
		switch kind := t.Kind(); {
		case kind == reflect.Struct && !s.index && !slices.Contains(fieldNames(t), s.name):
			key := at(s.column)
			key.Value = s.name
			d.unknown(key, pathText(here), fieldNames(t))
			return
		case kind == reflect.Slice:
			d.fail(at(s.column), pathText(here), "leave the override out", "there is no item %s to remove", s.name)
			return
		}
		t, ok = typeAt(t, []step{s})
	}
}

// typeAt is the type of what a path leads to from t, if it has parts.
func typeAt(t reflect.Type, path []step) (reflect.Type, bool) {
	for _, s := range path {
		switch t.Kind() {
		case reflect.Struct:
			i := slices.Index(fieldNames(t), s.name)
			if i < 0 {
				return nil, false
			}
			t = t.Field(i).Type
		case reflect.Slice, reflect.Map:
			t = t.Elem()
		default:
			return nil, false
		}
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
	}
	return t, !reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// OverridePath is the path that an override sets, by names and positions: workload and
// rate for workload.rate=500. It is nil for what is no override.
func OverridePath(text string) []string {
	steps, _, _, message := parsePath(text)
	if message != "" {
		return nil
	}
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.name
	}
	return names
}

// removeAt takes the item at slot out of n, and in a mapping its name too.
func removeAt(n *yaml.Node, slot int) {
	from := slot
	if n.Kind == yaml.MappingNode {
		from--
	}
	n.Content = append(n.Content[:from:from], n.Content[slot+1:]...)
}

// container is the kind of node that s can step into.
func container(s step) yaml.Kind {
	if _, ok := s.position(); ok {
		return yaml.SequenceNode
	}
	return yaml.MappingNode
}

// find gives the place in n.Content of what s names, or -1 where it can be
// appended.
func find(n *yaml.Node, s step) (slot int, message string) {
	switch n.Kind {
	case yaml.MappingNode:
		if s.index {
			return 0, fmt.Sprintf("there is no [%s]: this is a mapping, not a list", s.name)
		}
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == s.name {
				return i + 1, ""
			}
		}
		return -1, ""
	case yaml.SequenceNode:
		index, ok := s.position()
		switch {
		case !ok:
			return 0, fmt.Sprintf("there is no %q: this is a list, its items are [0], [1], ...", s.name)
		case index > len(n.Content):
			return 0, fmt.Sprintf("there is no item %d: the list has %d, and the next one is [%d]", index, len(n.Content), len(n.Content))
		case index == len(n.Content):
			return -1, ""
		}
		return index, ""
	}
	return 0, fmt.Sprintf("there is no %q: this is %s", s.name, describe(n))
}

// overrideValue parses the value of an override, which starts at column. It
// gives nil where it cannot.
func (d *document) overrideValue(text, value string, column int) *yaml.Node {
	var doc, second yaml.Node
	n := &yaml.Node{Column: column}
	d.from[n] = text
	decoder := yaml.NewDecoder(strings.NewReader(value))
	err := decoder.Decode(&doc)
	if err == nil {
		if err = decoder.Decode(&second); err == nil {
			d.fail(n, "", "an override sets one field: give each a --set of its own, and quote a text with --- in it", "the value holds a second YAML document")
			return nil
		}
	}
	if !errors.Is(err, io.EOF) {
		message := strings.TrimPrefix(err.Error(), yamlPlace.FindString(err.Error()))
		d.fail(n, "", "the value is YAML: quote texts with special characters", "the value is not YAML: %s", message)
		return nil
	}
	if len(doc.Content) == 0 {
		doc.Content = []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!str", Line: 1, Column: 1}}
	}
	d.claim(doc.Content[0], text, column)
	return d.expand(doc.Content[0], nil)
}

// claim makes n, parsed from the value of an override, a part of text, where
// the value starts at column.
func (d *document) claim(n *yaml.Node, text string, column int) {
	if n.Line > 1 {
		n.Column = 1
	}
	n.Line, n.Column = 0, n.Column+column-1
	d.from[n] = text
	for _, c := range n.Content {
		d.claim(c, text, column)
	}
}

// parsePath cuts text into the steps of its path and the value after =, which
// starts at column. A message says what is wrong at column.
func parsePath(text string) (path []step, value string, column int, message string) {
	rest := text
	here := func() int { return 1 + utf8.RuneCountInString(text) - utf8.RuneCountInString(rest) }
	for first := true; ; first = false {
		column = here()
		switch {
		case rest == "":
			return nil, "", column, "the override has no ="
		case rest[0] == '=' && !first:
			return path, rest[1:], column + 1, ""
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if len(rest) > 1 && (rest[1] == '"' || rest[1] == '\'') {
				if end = strings.Index(rest, rest[1:2]+"]"); end > 1 {
					path, rest = append(path, step{name: rest[2:end], column: column}), rest[end+2:]
					continue
				}
			}
			if end < 0 {
				return nil, "", column, "the [ is not closed"
			}
			s := step{name: rest[1:end], index: true, column: column}
			if _, ok := s.position(); !ok {
				return nil, "", column, fmt.Sprintf("%q is not an index", s.name)
			}
			path, rest = append(path, s), rest[end+1:]
		default:
			if !first {
				if rest[0] != '.' {
					return nil, "", column, "expected a dot, a [ or a ="
				}
				rest = rest[1:]
				column = here()
			}
			end := strings.IndexAny(rest, ".[=")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, "", column, "a name is missing here"
			}
			path, rest = append(path, step{name: rest[:end], column: column}), rest[end:]
		}
	}
}

// pathText writes path as an Error shows it.
func pathText(path []step) string {
	text := ""
	for _, s := range path {
		if s.index {
			text += "[" + s.name + "]"
		} else {
			text = join(text, s.name)
		}
	}
	return text
}
