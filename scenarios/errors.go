package scenarios

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/printable"
)

// Error is one mistake in a scenario, at its place.
type Error struct {
	// File is the path that was loaded, or the whole --set argument.
	File string `json:"file"`
	// Line and Column count from 1, in characters. Line is 0 for --set, whose
	// Column counts in Source.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Path is the field, such as timeline.faults[0].at; empty for the document.
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	// Hint says how to mend it, where that is known.
	Hint string `json:"hint,omitempty"`
	// Source is the line that Line and Column point into. It is empty where
	// there is none to show, as in a line of more than 200 characters.
	Source string `json:"source,omitempty"`
}

// Error is the message with its place, in one line.
func (e Error) Error() string {
	place, message := e.place(), e.Message
	if e.Path != "" {
		message = e.Path + ": " + message
	}
	return place + ": " + message
}

func (e Error) place() string {
	if e.Line == 0 {
		return e.File
	}
	return fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
}

// Errors are all mistakes of a scenario: those of the file in the order of its
// lines, then those of the overrides in the order of the command line.
type Errors []Error

// Error renders all of them without colour.
func (es Errors) Error() string {
	var b strings.Builder
	es.Render(&b, false)
	return strings.TrimRight(b.String(), "\n")
}

// maxShown keeps a file that is no scenario at all from flooding a terminal.
const maxShown = 100

// Render writes each error with its source line, a caret under the place, and
// its hint. Colour is by ANSI escapes.
func (es Errors) Render(w io.Writer, color bool) {
	paint := func(code, s string) string { return console.Paint(color, console.Style(code), s) }
	for i, e := range es {
		if i == maxShown {
			fmt.Fprintf(w, "... and %d more\n", len(es)-maxShown)
			return
		}
		message := paint("31", printable.Text(e.Message))
		if e.Path != "" {
			message = printable.Line(e.Path) + ": " + message
		}
		fmt.Fprintf(w, "%s: %s\n", paint("1", printable.Text(e.place())), message)
		if e.Source != "" {
			number := ""
			if e.Line > 0 {
				number = fmt.Sprint(e.Line)
			}
			gutter := strings.Repeat(" ", len(number))
			fmt.Fprintf(w, "  %s | %s\n", number, e.Source)
			fmt.Fprintf(w, "  %s | %s\n", gutter, caret(e.Source, e.Column, paint))
		}
		if e.Hint != "" {
			fmt.Fprintf(w, "  %s %s\n", paint("36", "hint:"), printable.Text(e.Hint))
		}
	}
}

// caret is the line below source with ^ at column. It repeats the tabs of
// source, so that both lines shift alike.
func caret(source string, column int, paint func(code, s string) string) string {
	var b strings.Builder
	for _, r := range source {
		if column--; column <= 0 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String() + paint("32", "^")
}

// sort brings es into the order that Errors promises. overrides is the order of the command line.
func (es Errors) sort(overrides []string) Errors {
	rank := func(e Error) int {
		if e.Line > 0 {
			return -1
		}
		return slices.Index(overrides, strings.TrimPrefix(e.File, setFlag))
	}
	slices.SortStableFunc(es, func(a, b Error) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		if d := a.Line - b.Line; d != 0 {
			return d
		}
		return a.Column - b.Column
	})
	return slices.Compact(es)
}

// showable is line as a terminal may see it, or nothing when it is too long.
func showable(line string) string {
	if len(line) > 200*utf8.UTFMax || utf8.RuneCountInString(line) > 200 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r != '\t' && !printable.Visible(r) || r == utf8.RuneError {
			return '·'
		}
		return r
	}, line)
}

// setFlag is how an Error names the override that it is about.
const setFlag = "--set "
