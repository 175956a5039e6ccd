//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/slotstorm/slotstorm/internal/raced"
	"github.com/slotstorm/slotstorm/scenarios/builtin"
)

// crashEnv has the test binary crash while it stands in for slotstorm: as soon as
// the folder that it names is not empty, in the way that it names before a colon.
const crashEnv = "SLOTSTORM_TEST_CRASH"

func crashOnDemand() {
	way, dir, ok := strings.Cut(os.Getenv(crashEnv), ":")
	inner := os.Getpid() == 1
	if !ok || inner != strings.HasSuffix(way, "-inside") {
		return
	}
	go func() {
		for {
			if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if strings.HasPrefix(way, "panic") {
			panic("on purpose")
		}
		for held := []byte{0}; ; {
			held = append(held, held...)
		}
	}()
}

// slotstorm is the test binary under a name that makes it slotstorm, in this
// process' room as well.
func slotstorm(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Error(err)
	}
	name := filepath.Join(t.TempDir(), "slotstorm")
	if err := os.Link(self, name); err != nil {
		// On another file system a symbolic link does, except for what runs in a room.
		if err := os.Symlink(self, name); err != nil {
			t.Error(err)
		}
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = t.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// shellCode is the exit code as a shell shows it.
func shellCode(err error) int {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &ended):
		return -1
	case ended.Exited():
		return ended.ExitCode()
	}
	return 128 + int(ended.Sys().(syscall.WaitStatus).Signal())
}

// unignore lets children receive the signals that this process ignores, as under nohup.
func unignore(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(s) {
			c := make(chan os.Signal, 1)
			signal.Notify(c, s)
			t.Cleanup(func() { signal.Stop(c) })
		}
	}
}

// leftovers are the processes of a group that has ended.
func leftovers(group int) bool { return syscall.Kill(-group, 0) == nil }

// TestCrash: a crash is no 2, which says that nothing was done, and leaves no core
// file.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	// Not beside other runs, which could choose the same ports.
	ways := []string{"panic", "panic-inside"}
	if !raced.Enabled { // its detector needs terabytes of address space
		ways = append(ways, "memory")
	}
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			cmd := slotstorm(t, "run", "steady", "--out", "runs", "-q")
			if way == "memory" || way == "panic" {
				cmd.Args = append(cmd.Args, "--set", "cluster.local.isolation=none")
			}
			cmd.Env = append(os.Environ(), crashEnv+"="+way+":"+filepath.Join(cmd.Dir, "runs"))
			if way == "memory" {
				cmd.Args = append([]string{"/bin/sh", "-c", `ulimit -v 6000000; ulimit -c unlimited; exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
				cmd.Path = "/bin/sh"
			}
			out, err := cmd.CombinedOutput()
			if code := shellCode(err); code != int(exitCrashed) {
				t.Errorf("exit code %d\n%.2000s", code, out)
			}
			if cores, _ := filepath.Glob(filepath.Join(cmd.Dir, "core*")); len(cores) > 0 {
				t.Errorf("a core file: %s", cores)
			}
		})
	}
}

// TestScenarioFromStandardInput: - is a scenario on standard input, from a pipe or a file.
func TestScenarioFromStandardInput(t *testing.T) {
	t.Parallel()
	valid, ok := builtin.YAML("steady")
	if !ok {
		t.Fatal("no scenario steady")
	}
	file := filepath.Join(t.TempDir(), "steady.yaml")
	if err := os.WriteFile(file, valid, 0o644); err != nil {
		t.Fatal(err)
	}
	opened, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	for _, tt := range []struct {
		verb  string
		input io.Reader
		code  exitCode
		says  string
	}{
		{"validate", bytes.NewReader(valid), exitOK, "ok -"},
		{"validate", opened, exitOK, "ok -"},
		{"inspect", bytes.NewReader(valid), exitOK, "name: steady"},
		{"validate", strings.NewReader("kind: x\n"), exitInvalid, `standard input:1:7: kind: must be Scenario, not "x"`},
	} {
		cmd := slotstorm(t, tt.verb, "-")
		cmd.Stdin = tt.input
		out, err := cmd.CombinedOutput()
		if code := shellCode(err); code != int(tt.code) {
			t.Errorf("%s: exit code %d, %v", tt.verb, code, err)
		}
		contains(t, string(out), tt.says)
	}
}

// TestSignalBeforeAnything sends each signal at the first moment at which slotstorm
// is known to have begun: it opens the FIFO that it is to read.
func TestSignalBeforeAnything(t *testing.T) {
	t.Parallel()
	unignore(t)
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		for _, verb := range []string{"validate", "inspect"} {
			fifo := filepath.Join(t.TempDir(), "fifo")
			if err := unix.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := slotstorm(t, verb, fifo)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// Opening succeeds once there is a reader.
			for {
				f, err := os.OpenFile(fifo, os.O_WRONLY|unix.O_NONBLOCK, 0)
				if err == nil {
					defer f.Close()
					break
				}
				time.Sleep(time.Millisecond)
			}
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			if code := shellCode(cmd.Wait()); code != int(exitInterrupted) {
				t.Errorf("%s and %v: exit code %d", verb, s, code)
			}
		}
	}
}

// TestSignalAtAnyMoment sends signals at seeded moments of the first 300 ms. Before
// main a signal ends the process by itself, and a run that has ended is no longer
// there to be interrupted.
func TestSignalAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	unignore(t)
	r := rand.New(rand.NewPCG(19, 10))
	var lanes sync.WaitGroup
	for _, words := range [][]string{
		{"run", "steady", "--out", "runs"}, {"run", "steady", "--out", "runs", "--set", "cluster.local.isolation=none"},
		{"load", silentServer(t)}, {"validate", "kill-primary"}, {"list"}, {"report", "latest"},
	} {
		var signals []interruption
		for range 20 {
			signals = append(signals, interruption{[]syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}[r.IntN(3)], time.Duration(r.IntN(300)) * time.Millisecond})
		}
		// Most of the time is waiting. One command of each kind is under way at a time:
		// two without a sealed room could choose the same port.
		lanes.Go(func() {
			for _, s := range signals {
				s.send(t, words)
			}
		})
	}
	lanes.Wait()
}

// interruption is a signal at a moment after the start of a command.
type interruption struct {
	signal syscall.Signal
	moment time.Duration
}

// send starts a command, interrupts it, and checks how it ends.
func (i interruption) send(t *testing.T, words []string) {
	cmd := slotstorm(t, words...)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return
	}
	time.Sleep(i.moment)
	if err := cmd.Process.Signal(i.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	code := shellCode(cmd.Wait())
	whole := map[string]int{"validate": 0, "list": 0, "report": 1}
	if own, ends := whole[words[0]]; code != int(exitInterrupted) && code != 128+int(i.signal) && !(ends && code == own) {
		t.Errorf("%q, %v after %v: exit code %d\n%s", words, i.signal, i.moment, code, said.String())
	}
	if leftovers(cmd.Process.Pid) {
		t.Errorf("%q, %v after %v: something is left running", words, i.signal, i.moment)
	}
	if left, _ := filepath.Glob(filepath.Join(cmd.Dir, "runs", "*", "volumes", "*")); len(left) > 0 && words[0] != "run" {
		t.Errorf("%q: %s is left", words, left)
	}
}

// silentServer accepts connections and says nothing.
func silentServer(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// TestIgnoredSignals: what was ignored at the start stays ignored, so that nohup and
// the background of a script work.
func TestIgnoredSignals(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := slotstorm(t, "validate", fifo)
	cmd.Args = append([]string{"/bin/sh", "-c", `trap "" HUP INT QUIT; exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0) // waits for the reader
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprintln(w, "a: 1")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if code := shellCode(cmd.Wait()); code != int(exitInvalid) {
		t.Errorf("exit code %d", code)
	}
}

// TestReaderGone: a reader that has seen enough costs a code, and no words.
func TestReaderGone(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	root, err := filepath.Abs("../../examples/nightly/runs")
	if err != nil {
		t.Fatal(err)
	}
	nights, err := filepath.Glob(filepath.Join(root, "*"))
	if err != nil || len(nights) < 2 {
		t.Fatal(nights, err)
	}
	for _, tc := range []struct {
		args []string
		want exitCode
	}{
		{[]string{"list", "scenarios"}, exitError},
		// One run against one shows nothing: an answer that has a code of its own.
		{[]string{"compare", nights[0], nights[1], "--force"}, exitNoisy},
	} {
		cmd := slotstorm(t, tc.args...)
		var said strings.Builder
		cmd.Stdout, cmd.Stderr = w, &said
		if code := shellCode(cmd.Run()); code != int(tc.want) || said.String() != "" {
			t.Errorf("%v: exit code %d: %s", tc.args, code, said.String())
		}
	}
}

// TestScenarioFromPipe: the process in the room reads the pipe after the one outside.
func TestScenarioFromPipe(t *testing.T) {
	t.Parallel()
	cmd := slotstorm(t)
	cmd.Args = []string{"bash", "-c", `exec "$0" run <("$0" inspect steady) --set seed=1 --set redis.binary=/bin/false --out runs`, cmd.Path}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = bash
	out, err := cmd.CombinedOutput()
	if code := shellCode(err); code == int(exitInvalid) || !strings.Contains(string(out), "/bin/false") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestRoomCodes(t *testing.T) {
	t.Parallel()
	for code := exitOK; code <= exitCrashed; code++ {
		if code == insideInvalid || code == exitInvalid {
			continue
		}
		if got := entering(int(leaving(code))); got != code {
			t.Errorf("%d comes out as %d", code, got)
		}
	}
	if got := entering(int(leaving(exitInvalid))); got != exitInvalid {
		t.Errorf("invalid comes out as %d", got)
	}
	if got := entering(2); got != exitCrashed {
		t.Errorf("a crash comes out as %d", got)
	}
}
