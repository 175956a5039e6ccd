package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Limits of a scenario file. They are far above any real one, and keep a
// hostile one from costing more than a moment.
const (
	maxBytes = 1 << 20
	maxNodes = 100_000
	maxDepth = 64
)

// parse reads data into d.root: one mapping, without aliases, merge keys and
// duplicate keys.
func (d *document) parse(data []byte) {
	if d.size > maxBytes {
		d.failSyntax(1, 1, "", "the file has %d bytes; a scenario has at most %d", d.size, maxBytes)
		return
	}
	if !utf8.Valid(data) {
		line, column := firstInvalid(d.lines)
		d.failSyntax(line, column, "save the file as UTF-8", "the text is not UTF-8")
		return
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err := decoder.Decode(&first); err != nil && !errors.Is(err, io.EOF) {
		d.syntax(err)
		return
	}
	if len(first.Content) == 0 || first.Content[0].ShortTag() == "!!null" {
		d.failSyntax(1, 1, "a scenario starts with apiVersion: "+Version+"; slotstorm inspect kill-primary shows one", "the file is empty")
		return
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		d.failSyntax(second.Line, second.Column, "put each scenario into a file of its own", "a second document starts here")
		return
	case !errors.Is(err, io.EOF):
		d.syntax(err)
		return
	}
	d.head, d.foot = first.HeadComment, first.FootComment
	d.root = d.expand(first.Content[0], nil)
}

func firstInvalid(lines []string) (line, column int) {
	for i, l := range lines {
		if !utf8.ValidString(l) {
			column = 1
			for len(l) > 0 {
				r, size := utf8.DecodeRuneInString(l)
				if r == utf8.RuneError && size == 1 {
					break
				}
				l, column = l[size:], column+1
			}
			return i + 1, column
		}
	}
	return 1, 1
}

var yamlPlace = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxHints are for what the YAML parser says in its own words.
var syntaxHints = []struct{ message, hint string }{
	{"unknown anchor", "an anchor, as in &load, stands before its alias, *load"},
	{"mapping values are not allowed", "one field to a line; a text with a colon in it needs quotes"},
	{"unexpected end of stream", "a quote is not closed"},
	{"", "check the indentation, the quotes and the brackets of this line and of the one before"},
}

// syntax notes a mistake of the YAML parser. The parser's line is often that
// of the mapping around the mistake, or one off. The line that matters is the
// one that breaks the file: with only the lines before it, the file parses.
func (d *document) syntax(err error) {
	place := yamlPlace.FindStringSubmatch(err.Error())
	message := strings.TrimPrefix(err.Error(), place[0])
	line, _ := strconv.Atoi(place[1])         // the fallback; 0 where there is none
	if n := len(d.lines); n*d.size <= 1<<20 { // the bytes to parse at worst
		for n--; n > 0 && !parses(strings.Join(d.lines[:n], "\n")); n-- {
		}
		line = n + 1
	}
	line = min(max(line, 1), len(d.lines))
	text := d.lines[line-1]
	at := len(text) - len(strings.TrimLeft(text, " "))
	var hint string
	for _, h := range syntaxHints {
		if strings.Contains(message, h.message) {
			hint = h.hint
			break
		}
	}
	if strings.HasPrefix(text[at:], "\t") {
		hint = "YAML is indented with spaces, not with tabs"
	} else if star := strings.IndexByte(text, '*'); star > 0 && strings.HasPrefix(message, "unknown anchor") {
		at = star
	}
	d.failSyntax(line, 1+utf8.RuneCountInString(text[:at]), hint, "not YAML: %s", message)
}

// parses reports whether all documents of text are YAML.
func parses(text string) bool {
	decoder := yaml.NewDecoder(strings.NewReader(text + "\n"))
	for {
		var n yaml.Node
		if err := decoder.Decode(&n); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// expand copies n with its aliases and merge keys resolved. within are the
// aliases that n stands in. It gives nil where there is nothing to go on with.
func (d *document) expand(n *yaml.Node, within []*yaml.Node) *yaml.Node {
	if d.fatal {
		return nil
	}
	if d.nodes++; d.nodes > maxNodes || len(within) > maxDepth {
		d.fatal = true
		d.fail(n, "", "a scenario is small and flat; look for aliases that multiply", "the document is too large or too deep")
		return nil
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
		for _, outer := range within {
			if outer == n {
				d.fatal = true
				d.fail(n, "", "", "the anchor &%s contains itself", n.Anchor)
				return nil
			}
		}
	}
	within = append(within, n)
	c := &yaml.Node{
		Kind: n.Kind, Style: n.Style, Tag: n.Tag, Value: n.Value, Line: n.Line, Column: n.Column,
		HeadComment: n.HeadComment, LineComment: n.LineComment, FootComment: n.FootComment,
	}
	if o, ok := d.from[n]; ok {
		d.from[c] = o
	}
	if n.Kind == yaml.MappingNode {
		d.expandMapping(c, n, within)
		return c
	}
	for _, item := range n.Content {
		c.Content = append(c.Content, d.expand(item, within))
	}
	return c
}

// expandMapping fills c with the fields of n: its own first, then those that
// it merges and does not have.
func (d *document) expandMapping(c, n *yaml.Node, within []*yaml.Node) {
	own := map[string]*yaml.Node{}
	var merged, keys []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := d.expand(n.Content[i], within), n.Content[i+1]
		switch {
		case d.fatal:
			return
		case key.Kind != yaml.ScalarNode:
			d.fail(key, "", "", "a field's name is a plain word, not %s", describe(key))
		case key.ShortTag() == "!!merge":
			merged, keys = append(merged, value), append(keys, key)
		case own[key.Value] != nil:
			hint := ""
			if first := own[key.Value]; first.Line > 0 {
				hint = fmt.Sprintf("the first one is on line %d", first.Line)
			}
			d.fail(key, "", hint, "%q is stated twice", key.Value)
		default:
			own[key.Value] = key
			c.Content = append(c.Content, key, d.expand(value, within))
		}
	}
	for i, m := range merged {
		first := len(c.Content)
		d.merge(c, own, d.expand(m, within))
		if first < len(c.Content) {
			moveComments(c.Content[first], keys[i], m)
		}
	}
}

// moveComments gives the comments of a merge key and its value to the first field that
// stands in its place.
func moveComments(to, key, value *yaml.Node) {
	var list []string
	for _, text := range []string{key.HeadComment, key.LineComment, value.LineComment, to.HeadComment} {
		if text != "" {
			list = append(list, text)
		}
	}
	to.HeadComment = strings.Join(list, "\n")
}

func (d *document) merge(c *yaml.Node, own map[string]*yaml.Node, m *yaml.Node) {
	switch {
	case d.fatal:
	case m.Kind == yaml.SequenceNode:
		for _, item := range m.Content {
			if item.Kind != yaml.MappingNode {
				d.fail(item, "", "write <<: *anchor, or <<: [*one, *two]", "<< merges mappings, not %s", describe(item))
				continue
			}
			d.merge(c, own, item)
		}
	case m.Kind == yaml.MappingNode:
		for i := 0; i < len(m.Content); i += 2 {
			if key := m.Content[i]; own[key.Value] == nil {
				own[key.Value] = key
				c.Content = append(c.Content, key, m.Content[i+1])
			}
		}
	default:
		d.fail(m, "", "write <<: *anchor, or <<: [*one, *two]", "<< merges mappings, not %s", describe(m))
	}
}

// describe names what n holds, as prose.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + clip(n.Value)
	case "!!bool":
		return n.Value
	}
	return fmt.Sprintf("the text %q", clip(n.Value))
}

const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle

// foreignNumber reports whether the YAML parser takes n for a number that is
// written in another way. Infinities are refused where a number is used.
func foreignNumber(n *yaml.Node) bool {
	tag := n.ShortTag()
	return (tag == "!!int" || tag == "!!float") && strings.ContainsAny(n.Value, "0123456789") && !decimal.MatchString(n.Value)
}
