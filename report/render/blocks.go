package render

import (
	"strings"

	"github.com/slotstorm/slotstorm/report/doc"
)

// titleOf is the heading that a block has of its own.
func titleOf(b doc.Block) string {
	switch b := b.(type) {
	case doc.Table:
		return b.Title
	case doc.Terms:
		return b.Title
	case doc.List:
		return b.Title
	}
	return ""
}

// flat is a text without what stands out in it.
func flat(t doc.Text) string {
	var s strings.Builder
	for _, p := range t {
		s.WriteString(p.Text)
	}
	return s.String()
}
