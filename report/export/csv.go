package export

import (
	"strings"

	"github.com/slotstorm/slotstorm/internal/printable"
)

// csvCell is text of others as a cell. Spreadsheets take what begins with one of
// these signs for a formula, which can fetch and run; after an apostrophe it is
// text.
func csvCell(s string) string {
	s = printable.Line(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}
