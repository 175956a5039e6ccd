package doc

import "strings"

// Text is a sentence or two in parts, some of which stand out.
type Text []Part

// Part is a piece of a text. It may be emphasized, code, or a link.
type Part struct {
	Text     string
	Em, Code bool
	// Link is a file beside the document.
	Link string
}

// Prose reads a sentence of this program, in which *stars* emphasize and `ticks` are code.
// Texts of others take the places of %s, as they are.
func Prose(format string, texts ...string) Text {
	var out Text
	var now Part
	end := func() {
		if now.Text != "" {
			out = append(out, now)
		}
		now.Text = ""
	}
	for i := 0; i < len(format); i++ {
		switch {
		case format[i] == '*':
			end()
			now.Em = !now.Em
		case format[i] == '`':
			end()
			now.Code = !now.Code
		case strings.HasPrefix(format[i:], "%s"):
			now.Text, texts = now.Text+texts[0], texts[1:]
			i++
		default:
			now.Text += format[i : i+1]
		}
	}
	end()
	return out
}
