package scenarios

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// document is one scenario on its way from YAML to Scenario, with the place of
// everything in it and the mistakes found so far.
type document struct {
	file  string
	lines []string
	size  int
	root  *yaml.Node
	// head and foot are the comments of the file that stand apart from its first and last field.
	head, foot string
	// from is the override that a node was made by; nodes of the file have none.
	from map[*yaml.Node]string
	// keys and values are the nodes of each stated field, by path.
	keys, values map[string]*yaml.Node
	// bad are the paths with a mistake, whose values mean nothing.
	bad  map[string]bool
	errs Errors

	nodes int  // made so far
	fatal bool // nothing after the tree is worth doing
}

// lineBreak is what ends a line for the YAML parser, which counts them.
var lineBreak = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

func newDocument(name string, data []byte) *document {
	return &document{
		file:   name,
		lines:  lineBreak.Split(strings.TrimSuffix(string(data), "\n"), -1),
		size:   len(data),
		from:   map[*yaml.Node]string{},
		keys:   map[string]*yaml.Node{},
		values: map[string]*yaml.Node{},
		bad:    map[string]bool{},
	}
}

// fail notes a mistake at n; nil is the top of the file.
func (d *document) fail(n *yaml.Node, path, hint, format string, args ...any) {
	d.bad[path] = true
	e := Error{File: d.file, Line: 1, Column: 1, Path: path, Message: fmt.Sprintf(format, args...), Hint: hint}
	if o, ok := d.from[n]; ok {
		e.File, e.Line, e.Column, e.Source = setFlag+o, 0, n.Column, showable(o)
	} else {
		if n != nil {
			e.Line, e.Column = n.Line, n.Column
		}
		if e.Line <= len(d.lines) {
			e.Source = showable(d.lines[e.Line-1])
		}
	}
	d.errs = append(d.errs, e)
}

// failSyntax notes a mistake at a place that no node has, and ends the work.
func (d *document) failSyntax(line, column int, hint, format string, args ...any) {
	d.fatal = true
	d.fail(&yaml.Node{Line: line, Column: column}, "", hint, format, args...)
}

// reject notes a mistake at path, unless one of the paths that it was found
// by, or path itself, had one already.
func (d *document) reject(path string, by []string, hint, format string, args ...any) {
	if d.failed(path) || d.failed(by...) {
		return
	}
	d.fail(d.place(path), path, hint, format, args...)
}

// rejectKey is reject, pointing at the name of a field.
func (d *document) rejectKey(path, hint, format string, args ...any) {
	if !d.failed(path) {
		d.fail(d.keys[path], path, hint, format, args...)
	}
}

// place is the node to point at for something about path: its value, or where
// that is not stated, the name of the closest field around it.
func (d *document) place(path string) *yaml.Node {
	if n := d.values[path]; n != nil && (n.Kind == yaml.ScalarNode || d.keys[path] == nil || d.from[n] != "") {
		return n
	}
	for ; path != ""; path = parent(path) {
		if n := d.keys[path]; n != nil {
			return n
		}
		if n := d.values[path]; n != nil {
			return n
		}
	}
	return d.values[""]
}

// failed reports whether one of paths, or what it stands in, had a mistake.
func (d *document) failed(paths ...string) bool {
	for _, p := range paths {
		for ; p != ""; p = parent(p) {
			if d.bad[p] {
				return true
			}
		}
	}
	return d.bad[""] && d.root.Kind != yaml.MappingNode
}

// inside reports whether one of the fields of the mapping at path had a mistake.
func (d *document) inside(path string, names ...string) bool {
	for _, n := range names {
		if d.failed(join(path, n)) {
			return true
		}
	}
	return false
}

// one notes it when not exactly one of the named fields of the mapping at path
// is stated, or with none allowed, more than one.
func (d *document) one(path string, none bool, names ...string) {
	var stated []string
	for _, n := range names {
		if d.values[join(path, n)] != nil {
			stated = append(stated, n)
		}
	}
	switch {
	case len(stated) == 0 && !none:
		d.reject(path, nil, "write one of "+either(names), "states none of its fields")
	case len(stated) > 1:
		d.reject(join(path, stated[1]), nil, "write one of "+either(names), "cannot be combined with %s", stated[0])
	}
}
