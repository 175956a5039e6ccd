package console

import (
	"bytes"
	"io"
	"regexp"

	"github.com/slotstorm/slotstorm/internal/printable"
)

// Visible is a stream for people. It escapes every control character except
// slotstorm's own colours. It is the second of two safeguards: text of others is also
// escaped where it enters a line, because here it could imitate those colours.
type Visible struct {
	// Color lets slotstorm's own colours through.
	Color bool

	w io.Writer
}

// NewVisible returns a stream that writes to w.
func NewVisible(w io.Writer, color bool) *Visible { return &Visible{Color: color, w: w} }

// ownStyles matches the styles of Paint.
var ownStyles = regexp.MustCompile(`\x1b\[(?:0|1|2|(?:1;)?3[12356])m`)

// Write writes p with control characters escaped.
func (v *Visible) Write(p []byte) (int, error) {
	if _, err := io.WriteString(v.w, Shown(string(p), v.Color)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Shown is text with control characters escaped. With color, the styles of Paint stay.
func Shown(text string, color bool) string {
	if !color {
		return printable.Text(text)
	}
	var b bytes.Buffer
	done := 0
	for _, at := range ownStyles.FindAllStringIndex(text, -1) {
		b.WriteString(printable.Text(text[done:at[0]]))
		b.WriteString(text[at[0]:at[1]])
		done = at[1]
	}
	b.WriteString(printable.Text(text[done:]))
	return b.String()
}
