package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/internal/printable"
)

// visible is a stream for people, on which nothing but slotstorm's own colours
// acts on a terminal. It is the last of two lines: text of others is escaped where
// it enters a line, too, because here it could borrow those colours.
type visible struct {
	w     io.Writer
	color *bool
}

// ownStyles matches what slotstorm paints with, here and in reports.
var ownStyles = regexp.MustCompile(`\x1b\[(?:0|1|2|(?:1;)?3[12356])m`)

func (v *visible) Write(p []byte) (int, error) {
	if _, err := io.WriteString(v.w, shown(string(p), *v.color)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// shown is text as it may be printed: with color, slotstorm's own styles stay.
func shown(text string, color bool) string {
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

// jsonEscaped is a JSON text in which every character that does not show is
// escaped, as JSON does it. Such characters stand in strings alone.
func jsonEscaped(text []byte) []byte {
	var b bytes.Buffer
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == '\n' || printable.Visible(r):
			b.Write(text[:size])
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		text = text[size:]
	}
	return b.Bytes()
}
