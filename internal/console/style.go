package console

// Style is an ANSI colour.
type Style string

// The styles in use: those that read well on dark and on light.
const (
	Bold   Style = "1"
	Dim    Style = "2"
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
	Cyan   Style = "36"
)

// Paint wraps text into a style, if color is on.
func Paint(color bool, s Style, text string) string {
	if !color || text == "" || s == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}
