package scenarios

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// decode fills s from the tree, and notes every field that it cannot.
func (d *document) decode(s *Scenario) {
	if d.root != nil {
		d.value(d.root, reflect.ValueOf(s).Elem(), "", rules{})
	}
}

// value decodes n into v, which stands at path and obeys r.
func (d *document) value(n *yaml.Node, v reflect.Value, path string, r rules) {
	d.values[path] = n
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		d.fail(n, path, "give it a value, or leave the field out", "has no value")
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	_, scalar := v.Addr().Interface().(encoding.TextUnmarshaler)
	switch {
	case scalar:
		d.scalar(n, v, path, r)
	case v.Kind() == reflect.Struct:
		d.fields(n, v, path)
	case v.Kind() == reflect.Slice:
		d.items(n, v, path, r)
	case v.Kind() == reflect.Map:
		d.entries(n, v, path)
	default:
		d.scalar(n, v, path, r)
	}
}

// fields decodes a mapping into a struct.
func (d *document) fields(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "its fields are "+strings.Join(fieldNames(v.Type()), ", "), "must be a mapping, not %s", describe(n))
		return
	}
	names := fieldNames(v.Type())
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		index := slices.Index(names, key.Value)
		if index < 0 {
			d.unknown(key, path, names)
			continue
		}
		d.keys[at] = key
		d.value(value, v.Field(index), at, rulesOf(v.Type().Field(index)))
	}
	for i, name := range names {
		at := join(path, name)
		if r := rulesOf(v.Type().Field(i)); r.required && d.values[at] == nil && !d.bad[at] {
			d.fail(d.place(path), at, r.hintToAdd(name, v.Type().Field(i).Type), "is missing")
		}
	}
}

// unknown notes a field that the mapping at path does not have. Where it was
// likely meant to be another one, that one is not reported as missing too.
func (d *document) unknown(key *yaml.Node, path string, names []string) {
	hint := "the fields here are " + strings.Join(names, ", ")
	if c := closest(key.Value, names); c != "" {
		hint = "did you mean " + c + "?"
		d.bad[join(path, c)] = true
	} else if homes := homesOf(reflect.TypeFor[Scenario](), "", key.Value); len(homes) > 0 {
		hint = "it belongs elsewhere: " + either(homes)
	}
	where := join(path, key.Value)
	d.fail(key, where, hint, "unknown field")
}

// homesOf are the paths in t, outside of lists, of fields called name.
func homesOf(t reflect.Type, path, name string) []string {
	var homes []string
	for i, field := range fieldNames(t) {
		ft := t.Field(i).Type
		if ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		if field == name {
			homes = append(homes, join(path, field))
		}
		if ft.Kind() == reflect.Struct && !reflect.PointerTo(ft).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			homes = append(homes, homesOf(ft, join(path, field), name)...)
		}
	}
	return homes
}

// items decodes a list.
func (d *document) items(n *yaml.Node, v reflect.Value, path string, r rules) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, "start each item with a dash", "must be a list, not %s", describe(n))
		return
	}
	if message, hint := r.checkItems(len(n.Content)); message != "" {
		d.fail(d.place(path), path, hint, "%s", message)
		return
	}
	for i, item := range n.Content {
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(item, element, fmt.Sprintf("%s[%d]", path, i), rules{})
		v.Set(reflect.Append(v, element))
	}
}

// entries decodes a mapping of any names to texts. A number or a truth value
// counts as the text that was written.
func (d *document) entries(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "", "must be a mapping of names to values, not %s", describe(n))
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		d.keys[at], d.values[at] = key, value
		switch {
		case key.Value == "" || key.Value == "<<" || strings.ContainsFunc(key.Value, isControl):
			d.fail(key, at, "", "the name is empty, << or holds control characters")
		case value.Kind != yaml.ScalarNode || value.ShortTag() == "!!binary":
			d.fail(value, at, "", "must be a single value, not %s", describe(value))
		case value.ShortTag() == "!!null":
			d.fail(value, at, `write "" for an empty value`, "has no value")
		case strings.ContainsFunc(value.Value, isControl):
			d.fail(value, at, "", "holds a line break or another control character")
		default:
			if v.IsNil() {
				v.Set(reflect.MakeMap(v.Type()))
			}
			v.SetMapIndex(reflect.ValueOf(key.Value), reflect.ValueOf(value.Value))
		}
	}
}

// scalar decodes a single value and holds it to its rules.
func (d *document) scalar(n *yaml.Node, v reflect.Value, path string, r rules) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, "", "must be %s, not %s", r.want(v), describe(n))
		return
	}
	if n.Style&quoted == 0 && takesNumber(v) && foreignNumber(n) {
		d.fail(n, path, decimalHint(n.Value), "%s is not a decimal number", clip(n.Value))
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		err := u.UnmarshalText([]byte(n.Value))
		var bad *valueError
		switch {
		case errors.As(err, &bad):
			d.fail(n, path, bad.hint, "%q is not %s", clip(bad.text), bad.want)
			return
		case err != nil:
			d.fail(n, path, "", "%s", err)
			return
		}
	} else if !setBasic(n, v) {
		hint := ""
		if n.Style&quoted != 0 && v.Kind() != reflect.String {
			hint = "remove the quotes"
		} else if v.Kind() == reflect.Bool {
			hint = truthHint(n.Value)
		} else if v.Kind() == reflect.String {
			hint = "put it in quotes"
		}
		d.fail(n, path, hint, "must be %s, not %s", r.want(v), describe(n))
		return
	}
	if r.lines {
		// A block of YAML ends with a line break that has no meaning.
		v.SetString(strings.TrimSpace(v.String()))
	}
	if message, hint := r.check(v); message != "" {
		d.fail(n, path, hint, "%s", message)
	}
}

// setBasic sets v, of a basic kind, from n. Strictly: a text is no number, a
// number no text, yes no truth value. A float without a fraction, as 1e6, is a
// whole number.
func setBasic(n *yaml.Node, v reflect.Value) bool {
	tag := n.ShortTag()
	number := tag == "!!int" || tag == "!!float"
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value)
		return tag == "!!str" || tag == "!!timestamp" || tag == "!!merge"
	case reflect.Bool:
		v.SetBool(n.Value == "true")
		return tag == "!!bool" && (n.Value == "true" || n.Value == "false")
	case reflect.Float64:
		var f float64
		if !number || n.Decode(&f) != nil {
			return false
		}
		v.SetFloat(f)
		return true
	case reflect.Int, reflect.Int64:
		var whole int64
		if tag == "!!int" && n.Decode(&whole) == nil {
			v.SetInt(whole)
			return true
		}
		f, err := strconv.ParseFloat(n.Value, 64)
		v.SetInt(int64(f))
		return tag == "!!float" && err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
	case reflect.Uint64:
		var whole uint64
		if tag == "!!int" && n.Decode(&whole) == nil {
			v.SetUint(whole)
			return true
		}
		f, err := strconv.ParseFloat(n.Value, 64)
		v.SetUint(uint64(max(f, 0)))
		return tag == "!!float" && err == nil && f == math.Trunc(f) && f >= 0 && f < 1<<53
	}
	return false
}

// takesNumber reports whether a number can be meant for v; a text of any kind is
// kept as it was written.
func takesNumber(v reflect.Value) bool {
	_, any := v.Addr().Interface().(*AnyValue)
	return !any && v.Kind() != reflect.String
}
