//go:build e2e && linux

// Package hostile runs the built binary on inputs from somebody who means harm:
// scenarios, bundles and replies of servers. Each command has limits of memory and
// time, must end with a documented exit code, must print nothing that a terminal
// obeys, and must touch nothing outside of what it was given.
package hostile

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slotstorm/slotstorm/e2e/built"
)

// The limits of one command. An ordinary command takes 60 MB and a tenth of a
// second; the rest is for a machine that is busy.
const (
	memoryLimit  = 768 << 20       // resident, as the kernel counts it
	addressLimit = 4 << 20         // address space in KiB: the machine survives a command without bounds
	timeLimit    = 2 * time.Minute // a pipe without a writer is given one
	outputLimit  = 4 << 20
)

// TestMain lets more commands run at once than there are processors: many wait.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// documented are the exit codes that docs/cli.md lists.
var documented = []int{0, 1, 2, 3, 4, 5, 6, 7, 130, 134}

// ground is where one hostile input lies, beside a file that nothing may touch.
type ground struct {
	t   *testing.T
	dir string
}

const untouched = "what must stay as it is\n"

func newGround(t *testing.T) *ground {
	t.Helper()
	g := &ground{t: t, dir: t.TempDir()}
	for _, sub := range []string{"work", "home", "tmp"} {
		if err := os.Mkdir(g.path(sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, g.canary(), untouched)
	return g
}

func (g *ground) path(elem ...string) string {
	return filepath.Join(append([]string{g.dir}, elem...)...)
}

// canary is a file of the user's that no input may reach.
func (g *ground) canary() string { return g.path("home", "canary") }

// ending is how a command ended.
type ending struct {
	args           []string
	code           int
	stdout, stderr string
	resident       int64
	late           bool
}

// run runs slotstorm in the ground's work folder, under the limits.
func (g *ground) run(args ...string) ending {
	g.t.Helper()
	return g.runIn(nil, args...)
}

// runIn runs slotstorm by way of another program, such as unshare with its flags.
func (g *ground) runIn(by []string, args ...string) ending {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	// At the lowest priority: other tests beside these judge latency.
	words := append([]string{"-c", `ulimit -v "$1"; shift; exec nice -n 19 "$@"`, "sh", strconv.Itoa(addressLimit)}, by...)
	cmd := exec.CommandContext(ctx, "sh", append(append(words, built.Slotstorm(g.t)), args...)...)
	cmd.Dir = g.path("work")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + g.path("home"), "TMPDIR=" + g.path("tmp")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	var out, errs bounded
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && ctx.Err() == nil {
		g.t.Fatalf("%v: %v", args, err)
	}
	e := ending{args: args, code: cmd.ProcessState.ExitCode(), stdout: out.String(), stderr: errs.String(), late: ctx.Err() != nil}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		e.resident = usage.Maxrss << 10
	}
	return e
}

// bounded keeps the beginning of an output that may be without end.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := outputLimit - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// harmless checks what holds for every command and every input.
func (g *ground) harmless(e ending) {
	g.t.Helper()
	what := strings.Join(e.args, " ")
	text := e.stdout + e.stderr
	switch {
	case e.late:
		g.t.Errorf("%s: not done after %v", what, timeLimit)
	case !slices.Contains(documented, e.code):
		g.t.Errorf("%s: exit code %d is not documented\n%s", what, e.code, short(e.stderr))
	}
	for _, crash := range []string{"panic: ", "fatal error: ", "goroutine 1 ["} {
		if strings.Contains(text, crash) {
			g.t.Errorf("%s: it crashed\n%s", what, short(e.stderr))
			break
		}
	}
	if e.resident > memoryLimit {
		g.t.Errorf("%s: %d MB of memory", what, e.resident>>20)
	}
	if e.code != 0 && strings.TrimSpace(text) == "" && !e.late {
		g.t.Errorf("%s: exit code %d without a word", what, e.code)
	}
	for name, s := range map[string]string{"standard output": e.stdout, "standard error": e.stderr} {
		if bad := obeyed(s); bad != "" {
			g.t.Errorf("%s: %s has %s", what, name, bad)
		}
	}
	if got := read(g.t, g.canary()); got != untouched {
		g.t.Errorf("%s: a file outside was changed to %q", what, short(got))
	}
}

// obeyed is the first thing in a text that a terminal would act on or that hides
// what is written; "" if there is none. Colours are not printed into a pipe.
func obeyed(s string) string {
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			return "invalid UTF-8 at " + around(s, i)
		case r == '\n', r == '\t':
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return "a control or invisible character at " + around(s, i)
		}
	}
	return ""
}

func around(s string, i int) string {
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '¿'
		}
		return r
	}, s[max(0, i-30):min(len(s), i+30)]), "?")
}

func short(s string) string {
	if len(s) > 1500 {
		s = s[:1500] + " ..."
	}
	return strings.ToValidUTF8(s, "?")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// must is for preparations that cannot fail.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
