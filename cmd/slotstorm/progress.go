package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

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

// plainEvery is the least distance of two plain lines that bring no message.
const plainEvery = 5 * time.Second

// plain writes a line for each message and otherwise one now and then: for logs
// and CI.
type plain struct {
	mu   sync.Mutex
	w    *console
	now  func() time.Time
	last time.Time
}

func (p *plain) Observe(o runner.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if o.Message == "" && now.Sub(p.last) < plainEvery {
		return
	}
	p.last = now
	text := printable.Line(o.Message)
	if text == "" {
		text = strings.Join(texts(segments(o)), " · ")
	}
	fmt.Fprintf(p.w, "[%s] %s\n", clocks(o), text)
}

func (p *plain) Close() {}

// live keeps one line up to date: for a terminal.
type live struct {
	mu sync.Mutex
	w  *console
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
		fmt.Fprintf(l.w, "[%s] %s\n", clocks(o), printable.Line(o.Message))
	}
	l.turn++
	l.w.show(l.line(o))
}

func (l *live) Close() { l.w.show("") }

// line fits o into the terminal, without its last column, which would wrap.
func (l *live) line(o runner.Progress) string {
	parts := []segment{{spinner[l.turn%len(spinner)], cyan, 0}}
	parts = append(parts, segments(o)...)
	if o.Total > 0 {
		parts = append(parts, segment{clocks(o), dim, 2}, segment{bar(o), cyan, 6})
	}
	return fit(parts, l.width()-1, l.color)
}

// segment is a piece of the progress line. When space runs out, the piece of
// the highest rank goes first; rank 0 stays.
type segment struct {
	text  string
	style style
	rank  int
}

// segments tell o without its clock.
func segments(o runner.Progress) []segment {
	// The stage of a phase is "phase: NAME": its name says enough.
	parts := []segment{{printable.Line(strings.TrimPrefix(o.Stage, "phase: ")), bold, 0}}
	if o.Fault != "" {
		parts = append(parts, segment{printable.Line(o.Fault), yellow, 1})
	}
	if o.Requests > 0 {
		parts = append(parts, segment{fmt.Sprintf("%.0f req/s", o.Rate), "", 4})
		errors := segment{fmt.Sprintf("%d errors", o.Errors), "", 3}
		if o.Errors > 0 {
			errors.style = red
		}
		parts = append(parts, errors)
	}
	if o.P99 > 0 {
		parts = append(parts, segment{"p99 " + human(o.P99), "", 5})
	}
	return parts
}

func texts(parts []segment) []string {
	list := make([]string, len(parts))
	for i, p := range parts {
		list[i] = p.text
	}
	return list
}

// fit drops pieces until the line is at most width columns wide, then cuts.
func fit(parts []segment, width int, color bool) string {
	for lineWidth(parts) > width {
		worst := 0
		for i, p := range parts {
			if p.rank > parts[worst].rank {
				worst = i
			}
		}
		if parts[worst].rank == 0 {
			break
		}
		parts = append(parts[:worst:worst], parts[worst+1:]...)
	}
	if lineWidth(parts) > width {
		all := []rune(strings.Join(texts(parts), "  "))
		return string(all[:max(0, min(width, len(all)))])
	}
	painted := make([]string, len(parts))
	for i, p := range parts {
		painted[i] = p.text
		if p.style != "" {
			painted[i] = paint(color, p.style, p.text)
		}
	}
	return strings.Join(painted, "  ")
}

func lineWidth(parts []segment) int {
	n := 2 * (len(parts) - 1)
	for _, p := range parts {
		n += utf8.RuneCountInString(p.text)
	}
	return n
}

const barWidth = 20

// bar shows elapsed over total.
func bar(o runner.Progress) string {
	full := int(barWidth * min(o.Elapsed, o.Total) / o.Total)
	return strings.Repeat("━", full) + strings.Repeat("─", barWidth-full)
}

// clocks shows elapsed and total: 0:12/0:45.
func clocks(o runner.Progress) string {
	if o.Total <= 0 {
		return clock(o.Elapsed)
	}
	return clock(o.Elapsed) + "/" + clock(o.Total)
}

func clock(d time.Duration) string {
	s := int(d / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// human shows a duration with three digits that matter.
func human(d time.Duration) string {
	switch ms := float64(d) / 1e6; {
	case ms == 0:
		return "0 ms"
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
