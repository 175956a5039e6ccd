package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/internal/console"
	"github.com/slotstorm/slotstorm/internal/runner"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// look is a look at the middle of a run.
var look = runner.Progress{
	Stage: "phase: failure", Phase: "failure", Fault: "kill-primary",
	Elapsed: 12300 * time.Millisecond, Total: 45 * time.Second,
	Requests: 24000, Errors: 17, Rate: 1998.4, P99: 12345 * time.Microsecond,
}

func TestPlainProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := 7 * time.Second
	p := &plain{w: console.New(&out), since: func() time.Duration { return now }}
	p.Observe(runner.Progress{Stage: "deploy", Message: "deploying 3 shards"})
	// Ten seconds of five looks a second give two lines.
	for i := range 50 {
		now += 200 * time.Millisecond
		o := look
		o.Elapsed = time.Duration(i) * 200 * time.Millisecond
		p.Observe(o)
	}
	now += time.Second
	o := look
	o.Message = "fault kill-primary: SIGKILL to node-0"
	p.Observe(o)
	p.Observe(o)
	p.Observe(look)
	p.Close()
	golden(t, "testdata/progress.txt", out.String())
}

// TestLinesCountFromTheStartOfTheCommand: in every stage, before, during and after the
// load, a line begins with the time since the start of the command.
func TestLinesCountFromTheStartOfTheCommand(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	now := start
	b.now = func() time.Time { return now }
	endings(t, b, results.Pass, results.Pass)
	ended := b.play
	b.play = func(ctx context.Context, s *scenarios.Scenario, o runner.Options) (*runner.Result, error) {
		for _, look := range []runner.Progress{
			{Stage: "deploy", Message: "deploy"},
			{Stage: "warm-up", Message: "warm-up", Elapsed: 0, Total: 45 * time.Second},
			{Stage: "drain", Message: "drain", Elapsed: 45 * time.Second, Total: 45 * time.Second},
		} {
			now = now.Add(20 * time.Second)
			o.Observer.Observe(look)
		}
		return ended(ctx, s, o)
	}
	_, _, stderr := b.do("run", "kill-primary", "--repeat", "2")
	var lines []string
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "[") {
			lines = append(lines, line)
		}
	}
	want := "[0:20] deploy\n[0:40] warm-up\n[1:00] drain\n[1:20] deploy\n[1:40] warm-up\n[2:00] drain\n"
	if got := strings.Join(lines, ""); got != want {
		t.Errorf("the lines are\n%swant\n%s", got, want)
	}
}

func TestLiveLineFits(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	var out bytes.Buffer
	w := console.New(&out)
	l := &live{w: w, since: func() time.Duration { return 12 * time.Second }, width: func() int { return 80 }, messages: true}
	l.Observe(look)
	said := look
	said.Message = "fault healed"
	l.Observe(said)
	l.Close()
	if got := out.String(); !strings.HasSuffix(got, console.EraseLine) {
		t.Errorf("the line stays behind: %q", got)
	}
	if got, want := screen(out.String()), "[0:12] fault healed\n"; got != want {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
}

// screen is what a terminal shows of text: a line that was erased is gone.
func screen(text string) string {
	var shown strings.Builder
	for _, line := range strings.SplitAfter(text, "\n") {
		if i := strings.LastIndex(line, console.EraseLine); i >= 0 {
			line = line[i+len(console.EraseLine):]
		}
		shown.WriteString(line)
	}
	return shown.String()
}

func TestConsoleWritesAboveTheLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := console.New(&out)
	c.Show("live")
	if _, err := c.Write([]byte("logged\n")); err != nil {
		t.Fatal(err)
	}
	if got, want := screen(out.String()), "logged\nlive"; got != want {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
}

func TestHuman(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 ms", 420 * time.Microsecond: "0.42 ms", 12345 * time.Microsecond: "12.3 ms",
		123 * time.Millisecond: "123 ms", 3456 * time.Millisecond: "3.46 s",
	} {
		if got := console.Human(d); got != want {
			t.Errorf("console.Human(%v) = %q, want %q", d, got, want)
		}
	}
	if got := console.Clock(3725 * time.Second); got != "1:02:05" {
		t.Errorf("clock = %q", got)
	}
}
