package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/internal/runner"
)

// look is a look at the middle of a run.
var look = runner.Progress{
	Stage: "phase: failure", Phase: "failure", Fault: "kill-primary",
	Elapsed: 12300 * time.Millisecond, Total: 45 * time.Second,
	Requests: 24000, Errors: 17, Rate: 1998.4, P99: 12345 * time.Microsecond,
}

func TestPlainProgress(t *testing.T) {
	var out bytes.Buffer
	now := start
	p := &plain{w: &console{w: &out}, now: func() time.Time { return now }}
	p.Observe(runner.Progress{Stage: "deploy", Message: "deploying 3 shards"})
	// Ten seconds of five looks a second give two lines.
	for i := range 50 {
		now = now.Add(200 * time.Millisecond)
		o := look
		o.Elapsed = time.Duration(i) * 200 * time.Millisecond
		p.Observe(o)
	}
	now = now.Add(time.Second)
	o := look
	o.Message = "fault kill-primary: SIGKILL to node-0"
	p.Observe(o)
	p.Observe(o)
	p.Observe(look)
	p.Close()
	golden(t, "testdata/progress.txt", out.String())
}

func TestLiveLineFits(t *testing.T) {
	var all strings.Builder
	for _, width := range []int{120, 100, 80, 60, 40, 20, 10, 1} {
		l := &live{width: func() int { return width }}
		line := l.line(look)
		if n := utf8.RuneCountInString(line); n >= width && n > 0 {
			t.Errorf("width %d: the line has %d columns: %q", width, n, line)
		}
		all.WriteString(line + "\n")
	}
	golden(t, "testdata/live.txt", all.String())
}

func TestLiveProgressErasesItself(t *testing.T) {
	var out bytes.Buffer
	w := &console{w: &out}
	l := &live{w: w, width: func() int { return 80 }, messages: true}
	l.Observe(look)
	said := look
	said.Message = "fault healed"
	l.Observe(said)
	l.Close()
	if got := out.String(); !strings.HasSuffix(got, eraseLine) {
		t.Errorf("the line stays behind: %q", got)
	}
	if got, want := screen(out.String()), "[0:12/0:45] fault healed\n"; got != want {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
}

// screen is what a terminal shows of text: a line that was erased is gone.
func screen(text string) string {
	var shown strings.Builder
	for _, line := range strings.SplitAfter(text, "\n") {
		if i := strings.LastIndex(line, eraseLine); i >= 0 {
			line = line[i+len(eraseLine):]
		}
		shown.WriteString(line)
	}
	return shown.String()
}

func TestConsoleWritesAboveTheLine(t *testing.T) {
	var out bytes.Buffer
	c := &console{w: &out}
	c.show("live")
	if _, err := c.Write([]byte("logged\n")); err != nil {
		t.Fatal(err)
	}
	if got, want := screen(out.String()), "logged\nlive"; got != want {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
}

func TestHuman(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 420 * time.Microsecond: "0.42 ms", 12345 * time.Microsecond: "12.3 ms",
		123 * time.Millisecond: "123 ms", 3456 * time.Millisecond: "3.46 s",
	} {
		if got := human(d); got != want {
			t.Errorf("human(%v) = %q, want %q", d, got, want)
		}
	}
	if got := clock(3725 * time.Second); got != "1:02:05" {
		t.Errorf("clock = %q", got)
	}
}
