package main

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// style is an ANSI colour.
type style string

// The styles in use: those that read well on dark and on light.
const (
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// paint wraps text into a style, if color is on.
func paint(color bool, s style, text string) string {
	if !color || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// terminal gives the descriptor of w, if w is one that understands more than
// plain lines.
func terminal(w io.Writer, getenv func(string) string) (fd int, ok bool) {
	f, ok := w.(*os.File)
	if !ok || getenv("TERM") == "dumb" {
		return 0, false
	}
	return int(f.Fd()), term.IsTerminal(int(f.Fd()))
}

// console is a stream with at most one live line at its end. Whatever else is
// written goes above that line.
type console struct {
	mu   sync.Mutex
	w    io.Writer
	live string
	// color lets slotstorm's own colours through; nil is no colour.
	color *bool
}

const eraseLine = "\r\x1b[K"

// Write writes p above the live line. What a terminal would obey is escaped.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := shown(string(p), c.color != nil && *c.color)
	if c.live != "" {
		text = eraseLine + text
		if len(p) > 0 && p[len(p)-1] == '\n' {
			text += c.live
		}
	}
	if _, err := io.WriteString(c.w, text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// show replaces the live line; empty erases it.
func (c *console) show(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if line == c.live {
		return
	}
	c.live = line
	// A terminal that went away is no reason to end a run.
	_, _ = io.WriteString(c.w, eraseLine+line)
}
