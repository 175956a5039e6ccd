package scenarios

import (
	"bytes"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// emptyLine stands for an empty line, which a tree of nodes does not hold.
const emptyLine = "#\u00a0"

// write is the document as YAML, with its comments and its empty lines.
func (d *document) write() ([]byte, error) {
	d.keepGaps(d.root)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	whole := &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{d.root}, HeadComment: d.head, FootComment: d.foot}
	if err := e.Encode(whole); err != nil {
		return nil, fmt.Errorf("writing %s: %w", d.file, err)
	}
	lines := strings.Split(b.String(), "\n")
	for i, l := range lines {
		if strings.Trim(l, " ") == emptyLine {
			lines[i] = ""
		}
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// keepGaps begins the comment of each node below n with one if an empty line precedes it
// in the file.
func (d *document) keepGaps(n *yaml.Node) {
	if n.Style&yaml.FlowStyle != 0 {
		return
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			d.keepGaps(c)
			continue
		}
		first := c.Line - 1 // its index in d.lines
		if c.HeadComment != "" {
			first -= strings.Count(c.HeadComment, "\n") + 1
		}
		if i > 0 && first > 0 && first <= len(d.lines) && strings.TrimSpace(d.lines[first-1]) == "" {
			c.HeadComment = strings.TrimSuffix(emptyLine+"\n"+c.HeadComment, "\n")
		}
		d.keepGaps(c)
	}
}
