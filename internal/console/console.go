// Package console writes to a terminal: colours, tables, one line that is updated in
// place, and text of others with everything escaped that a terminal would obey.
package console

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// Terminal returns the descriptor of w. ok is false if w is not a terminal, or is one
// that only understands plain lines.
func Terminal(w io.Writer, getenv func(string) string) (fd int, ok bool) {
	f, ok := w.(*os.File)
	if !ok || getenv("TERM") == "dumb" {
		return 0, false
	}
	return int(f.Fd()), term.IsTerminal(int(f.Fd()))
}

// Width is the width of the terminal fd in columns, or 80 if it is unknown.
func Width(fd int) int {
	if w, _, err := term.GetSize(fd); err == nil && w > 0 {
		return w
	}
	return 80
}

// Console is a stream with at most one live line at its end. Everything else is
// written above that line.
type Console struct {
	// Color lets slotstorm's own colours through. Set it before the first write.
	Color bool

	w    io.Writer
	mu   sync.Mutex
	live string
}

// New returns a console that writes to w, without colours.
func New(w io.Writer) *Console { return &Console{w: w} }

// EraseLine erases the line that the cursor is in.
const EraseLine = "\r\x1b[K"

// Write writes p above the live line, with control characters escaped.
func (c *Console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := Shown(string(p), c.Color)
	if c.live != "" {
		text = EraseLine + text
		if len(p) > 0 && p[len(p)-1] == '\n' {
			text += c.live
		}
	}
	if _, err := io.WriteString(c.w, text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Show replaces the live line; an empty line erases it.
func (c *Console) Show(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if line == c.live {
		return
	}
	c.live = line
	// Progress that cannot be shown is no reason to end a run.
	_, _ = io.WriteString(c.w, EraseLine+line)
}
