package main

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/printable"
	"github.com/slotstorm/slotstorm/internal/runner"
)

// progress shows a run's progress until it is closed.
type progress interface {
	runner.Observer
	Close()
}

// silent shows nothing.
type silent struct{}

func (silent) Observe(runner.Progress) {}
func (silent) Close()                  {}

// plainEvery is the least time between two plain lines without a message.
const plainEvery = 5 * time.Second

// plain writes a line for each message, and otherwise a line every few seconds: for
// logs and CI. Each line begins with the time since the start of the command.
type plain struct {
	mu sync.Mutex
	w  *console.Console
	// since is the time since the start of the command.
	since func() time.Duration
	// last is when the last line was written; nil before the first one.
	last *time.Duration
}

func (p *plain) Observe(o runner.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.since()
	if o.Message == "" && p.last != nil && now-*p.last < plainEvery {
		return
	}
	p.last = &now
	text := printable.Line(o.Message)
	if text == "" {
		parts := segments(o)
		if o.Total > 0 {
			parts = append(parts, console.Segment{Text: "load " + loadClock(o)})
		}
		text = strings.Join(console.Texts(parts), " · ")
	}
	fmt.Fprintf(p.w, "[%s] %s\n", console.Clock(now), text)
}

func (p *plain) Close() {}

// live keeps one line up to date: for a terminal.
type live struct {
	mu    sync.Mutex
	w     *console.Console
	since func() time.Duration
	// width is the terminal's, in columns, asked anew for each line.
	width func() int
	color bool
	// messages also go above the line.
	messages bool
	turn     int
}

var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

func (l *live) Observe(o runner.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o.Message != "" && l.messages {
		fmt.Fprintf(l.w, "[%s] %s\n", console.Clock(l.since()), printable.Line(o.Message))
	}
	l.turn++
	l.w.Show(l.line(o))
}

func (l *live) Close() { l.w.Show("") }

// line fits o into the terminal, without its last column, which would wrap.
func (l *live) line(o runner.Progress) string {
	parts := []console.Segment{{Text: spinner[l.turn%len(spinner)], Style: console.Cyan}}
	parts = append(parts, segments(o)...)
	if o.Total > 0 {
		parts = append(parts, console.Segment{Text: loadClock(o), Style: console.Dim, Rank: 2}, console.Segment{Text: bar(o), Style: console.Cyan, Rank: 6})
	}
	return console.Fit(parts, l.width()-1, l.color)
}

// segments are the parts of o without its clock.
func segments(o runner.Progress) []console.Segment {
	parts := []console.Segment{{Text: printable.Line(cmp.Or(o.Phase, o.Stage)), Style: console.Bold}}
	if o.Fault != "" {
		parts = append(parts, console.Segment{Text: printable.Line(o.Fault), Style: console.Yellow, Rank: 1})
	}
	if o.Requests > 0 {
		parts = append(parts, console.Segment{Text: fmt.Sprintf("%.0f req/s", o.Rate), Rank: 4})
		errors := console.Segment{Text: fmt.Sprintf("%d errors", o.Errors), Rank: 3}
		if o.Errors > 0 {
			errors.Style = console.Red
		}
		parts = append(parts, errors)
	}
	if o.P99 > 0 {
		parts = append(parts, console.Segment{Text: "p99 " + console.Human(o.P99), Rank: 5})
	}
	return parts
}

const barWidth = 20

// bar shows elapsed over total.
func bar(o runner.Progress) string {
	full := int(barWidth * min(o.Elapsed, o.Total) / o.Total)
	return strings.Repeat("━", full) + strings.Repeat("─", barWidth-full)
}

// loadClock shows how much of the load has elapsed: 0:12/0:45.
func loadClock(o runner.Progress) string {
	return console.Clock(o.Elapsed) + "/" + console.Clock(o.Total)
}

// progress returns the display that suits standard error.
func (p *program) progress() progress {
	fd, ok := console.Terminal(p.stderr, p.getenv)
	since := func() time.Duration { return p.now().Sub(p.started) }
	switch {
	case p.quiet:
		return silent{}
	case !ok:
		return &plain{w: p.err, since: since}
	}
	return &live{w: p.err, since: since, width: func() int { return console.Width(fd) }, color: p.colorErr, messages: p.verbose}
}
