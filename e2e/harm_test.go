//go:build e2e && linux

package e2e

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// harm is an event that strikes a run from outside.
type harm struct {
	name string
	// prepare makes what it needs before the run; strike does it.
	prepare func(t *testing.T, s *sandbox)
	strike  func(t *testing.T, s *sandbox, cmd *exec.Cmd)
}

// secret is the password of the runs; no file may hold it after them.
const secret = "correct-horse-battery"

// harms are the events that a run must survive, or end after, without leaving anything
// behind.
func harms() []harm {
	nothing := func(*testing.T, *sandbox) {}
	limit := func(resource int, value uint64) func(*testing.T, *sandbox, *exec.Cmd) {
		return func(t *testing.T, _ *sandbox, cmd *exec.Cmd) {
			for _, pid := range family(t, cmd.Process.Pid) {
				err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: value, Max: value}, nil)
				if err != nil && !errors.Is(err, syscall.ESRCH) {
					t.Error(err)
				}
			}
		}
	}
	return []harm{
		{"SIGKILL", nothing, func(t *testing.T, _ *sandbox, cmd *exec.Cmd) {
			if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Error(err)
			}
		}},
		{"SIGSTOP", nothing, func(t *testing.T, _ *sandbox, cmd *exec.Cmd) {
			list := family(t, cmd.Process.Pid)
			for _, s := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
				for _, pid := range list {
					_ = syscall.Kill(pid, s) // it may have ended by itself
				}
				if s == syscall.SIGSTOP {
					time.Sleep(3 * time.Second) // how long it stands still is the harm
				}
			}
		}},
		{"a full disk", tmpfsResults, func(t *testing.T, s *sandbox, _ *exec.Cmd) { fill(t, filepath.Join(s.dir, "work", "results")) }},
		{"read-only results", ext4Results, func(t *testing.T, s *sandbox, _ *exec.Cmd) { turnReadOnly(t, s) }},
		{"64 open files", nothing, limit(unix.RLIMIT_NOFILE, 64)},
		{"256 MB of address space", nothing, limit(unix.RLIMIT_AS, 256<<20)},
	}
}

// TestHarms does each harm at seeded moments of a run: nothing is left in force,
// nothing runs, no secret is on the disk, and the exit code is a documented one.
// SLOTSTORM_SOAK makes it 20 moments each, others in each run.
func TestHarms(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("file systems can be mounted by root alone")
	}
	moments, seed := 1, uint64(1)
	if os.Getenv("SLOTSTORM_SOAK") != "" {
		moments, seed = 20, uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	for i, h := range harms() {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			for n := range moments {
				after := time.Duration(random.Int64N(int64(14 * time.Second)))
				isolation := "auto"
				if n%4 == 3 {
					isolation = "none"
				}
				bear(t, h, after, isolation)
				if t.Failed() {
					t.Fatalf("moment %d: %v after the start, isolation %s", n, after, isolation)
				}
			}
		})
	}
}

// bear runs a scenario and does the harm to it after some time.
func bear(t *testing.T, h harm, after time.Duration, isolation string) {
	t.Helper()
	s := newSandbox(t)
	h.prepare(t, s)
	before := look(t, s.dir)
	cmd, out, errs := s.command(append([]string{"run", "kill-primary", "--set", "cluster.local.isolation=" + isolation, "--set", "redis.auth={enabled: true, passwordEnv: HARM_PASSWORD}", "--set", "redis.tls.enabled=true"}, short...)...)
	cmd.Env = append(cmd.Env, "HARM_PASSWORD="+secret)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	var once sync.WaitGroup
	once.Go(func() { _ = cmd.Wait(); close(ended) })
	defer once.Wait()
	select {
	case <-time.After(after):
		h.strike(t, s, cmd)
	case <-ended:
	}
	select {
	case <-ended:
	case <-time.After(4 * time.Minute):
		_ = cmd.Process.Kill()
		t.Fatalf("it does not end\n%s", errs)
	}
	code := cmd.ProcessState.ExitCode()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal()) // as a shell shows it
	}
	// 7 is a node that could not restart because a file or a disk was missing.
	want := []int{0, 1, 3, 4, 5, 7}
	switch h.name {
	case "SIGKILL":
		want = append(want, 128+int(syscall.SIGKILL))
	case "256 MB of address space":
		want = append(want, 134)
	}
	if !slices.Contains(want, code) {
		t.Errorf("exit code %d\n%s\n%s", code, out, errs)
	}
	// Go cannot go on without memory: that is the one crash, with a code of its own.
	if code != 134 && bytes.Contains(errs.Bytes(), []byte("goroutine 1 [")) {
		t.Errorf("it crashed: %s", errs)
	}
	s.nothingRunsOn(before)
	s.noSecrets()
	t.Logf("%s after %v, isolation %s: exit code %d", h.name, after.Round(time.Millisecond), isolation, code)
}

// nothingRunsOn waits until no process, network and table of the run is left.
func (s *sandbox) nothingRunsOn(before machine) {
	s.t.Helper()
	var left []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if left = before.compare(s.t, look(s.t, s.dir)); len(left) == 0 {
			return
		}
	}
	s.t.Errorf("left behind: %s", strings.Join(left, "; "))
}

// noSecrets looks for the password and for keys in all that the run has left.
func (s *sandbox) noSecrets() {
	s.t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "ballast" || d.Name() == "disk" {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, word := range []string{secret, "PRIVATE KEY"} {
			if bytes.Contains(raw, []byte(word)) {
				s.t.Errorf("%s holds %q", path, word)
			}
		}
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
}

// family are a process and all below it.
func family(t *testing.T, pid int) []int {
	t.Helper()
	list := []int{pid}
	for i := 0; i < len(list); i++ {
		if _, err := os.Stat(filepath.Join("/proc", strconv.Itoa(list[i]))); err == nil {
			list = append(list, children(t, list[i])...)
		}
	}
	return list
}

// mount mounts a file system on the results folder for the time of a test.
func mountResults(t *testing.T, s *sandbox, source, kind, data string) {
	t.Helper()
	dir := filepath.Join(s.dir, "work", "results")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(source, dir, kind, 0, data); err != nil {
		t.Fatalf("mounting %s on %s: %v", kind, dir, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

func tmpfsResults(t *testing.T, s *sandbox) {
	mountResults(t, s, "tmpfs", "tmpfs", "size=64m")
}

// fill writes until there is no room.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if errors.Is(err, syscall.ENOSPC) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// ext4Results makes the results folder a file system that turns read-only at its
// first error, as those of real machines do.
func ext4Results(t *testing.T, s *sandbox) {
	t.Helper()
	disk := filepath.Join(s.dir, "disk")
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(disk, 128<<20); err != nil {
		t.Fatal(err)
	}
	tool(t, "mkfs.ext4", "-q", "-F", disk)
	loop := strings.TrimSpace(tool(t, "losetup", "--find", "--show", disk))
	t.Cleanup(func() { tool(t, "losetup", "--detach", loop) })
	mountResults(t, s, loop, "ext4", "errors=remount-ro")
	s.device = filepath.Base(loop)
}

func turnReadOnly(t *testing.T, s *sandbox) {
	t.Helper()
	if err := os.WriteFile(filepath.Join("/sys/fs/ext4", s.device, "trigger_fs_error"), []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "work", "results", "probe"), nil, 0o600); !errors.Is(err, syscall.EROFS) {
		t.Fatalf("the results folder did not turn read-only: %v", err)
	}
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
