//go:build e2e && linux

// Package e2e runs the built binary the way a user does, against real Redis
// Clusters, and looks at what is left on the machine afterwards.
package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/nftables"

	"github.com/slotstorm/slotstorm/e2e/built"
	"github.com/slotstorm/slotstorm/results"
)

// short makes kill-primary a run of some twelve seconds.
var short = []string{
	"--set", "redis.config.cluster-node-timeout=1000", "--set", "timeline.faults[0].kill.away=4s", "--set", "workload.rate=500", "--set", "workload.warmup=1s",
	"--set", "timeline.phases=[{name: steady, duration: 3s}, {name: failure, duration: 8s}, {name: recovered, duration: 1s}]",
	"--set", "timeline.faults[0].at=3s",
}

// sandbox is a folder of its own for one invocation: working folder, home and
// temporary files, so that whatever it leaves can be seen.
type sandbox struct {
	t   *testing.T
	dir string
	// credential runs it as somebody else; nil is whoever runs the test.
	credential *syscall.Credential
	path       string
	// device is the block device that results are on; empty is none of its own.
	device string
}

func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	s := &sandbox{t: t, dir: t.TempDir(), path: os.Getenv("PATH")}
	for _, sub := range []string{"work", "home", "tmp"} {
		if err := os.Mkdir(filepath.Join(s.dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *sandbox) command(args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	cmd := exec.Command(built.Slotstorm(s.t), args...)
	cmd.Dir = filepath.Join(s.dir, "work")
	cmd.Env = []string{"PATH=" + s.path, "HOME=" + filepath.Join(s.dir, "home"), "TMPDIR=" + filepath.Join(s.dir, "tmp")}
	if s.credential != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential}
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	return cmd, &out, &errs
}

// run runs slotstorm to its end.
func (s *sandbox) run(args ...string) (code int, stdout, stderr string) {
	s.t.Helper()
	cmd, out, errs := s.command(args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// bundle is the folder of the only run.
func (s *sandbox) bundle() string {
	s.t.Helper()
	dirs, err := filepath.Glob(filepath.Join(s.dir, "work", "results", "runs", "*"))
	if err != nil || len(dirs) != 1 {
		s.t.Fatalf("runs: %v %v", dirs, err)
	}
	return dirs[0]
}

// remains looks for what a run must not leave: processes that have anything to
// do with the sandbox, network namespaces, tables of the packet filter, files
// outside the run's folder.
func (s *sandbox) remains(before machine) []string {
	left := before.compare(s.t, look(s.t, s.dir))
	err := filepath.WalkDir(s.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(s.dir, path)
		if !d.IsDir() && !strings.HasPrefix(rel, "work/results/runs/") {
			left = append(left, "file "+rel)
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return left
}

// machine is what of this machine a run must leave as it was. Namespaces are
// those in which a process with anything to do with the sandbox is seen, so that
// whatever else this machine does does not count.
type machine struct {
	processes, tables []string
	namespaces        map[string]bool
}

func look(t *testing.T, dir string) machine {
	t.Helper()
	m := machine{namespaces: map[string]bool{}}
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range procs {
		if pid, _ := strconv.Atoi(filepath.Base(p)); pid == os.Getpid() {
			continue
		}
		cmdline, err := os.ReadFile(p + "/cmdline")
		if err != nil {
			continue // it has ended meanwhile
		}
		cwd, _ := os.Readlink(p + "/cwd")
		ours := strings.Contains(string(cmdline), dir) || strings.HasPrefix(cwd, dir)
		if ours {
			m.processes = append(m.processes, strings.ReplaceAll(string(cmdline), "\x00", " "))
		}
		if ns, err := os.Readlink(p + "/ns/net"); err == nil {
			m.namespaces[ns] = m.namespaces[ns] || ours
		}
	}
	if os.Geteuid() == 0 {
		c, err := nftables.New()
		if err != nil {
			t.Fatal(err)
		}
		tables, err := c.ListTables()
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			m.tables = append(m.tables, table.Name)
		}
	}
	return m
}

func (m machine) compare(t *testing.T, now machine) []string {
	t.Helper()
	var left []string
	for _, p := range now.processes {
		left = append(left, "process "+p)
	}
	for ns := range now.namespaces {
		if m.namespaces[ns] {
			left = append(left, "network namespace "+ns)
		}
	}
	for _, table := range now.tables {
		if !slices.Contains(m.tables, table) {
			left = append(left, "nftables table "+table)
		}
	}
	return left
}

// nothingRemains waits a moment for the kernel to finish what it ends.
func (s *sandbox) nothingRemains(before machine) {
	s.t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		left := s.remains(before)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Errorf("left behind: %s", strings.Join(left, "; "))
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// passed checks that a run passed. A machine that is busy with other things
// makes a run invalid, and says so: that is right, and no failure of the test.
func passed(t *testing.T, code int, s *results.Summary) {
	t.Helper()
	busy := s.Verdict == results.Invalid && strings.HasPrefix(s.Reasons[0], "the load generator was the limit")
	if !(code == 0 && s.Verdict == results.Pass) && !(code == 5 && busy) {
		t.Errorf("exit code %d, verdict %s: %s", code, s.Verdict, strings.Join(s.Reasons, "; "))
	}
}

func TestKillPrimary(t *testing.T) {
	s := newSandbox(t)
	before := look(t, s.dir)
	code, stdout, stderr := s.run(append([]string{"run", "kill-primary"}, short...)...)
	if !strings.Contains(stdout, "report.html") {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	fitsOnAScreen(t, stdout)
	s.nothingRemains(before)
	b, err := results.Load(s.bundle())
	if err != nil {
		t.Fatal(err)
	}
	passed(t, code, b.Run.Summary)
	if b.Run.Environment.Isolation != "namespaces" {
		t.Errorf("isolation is %q", b.Run.Environment.Isolation)
	}
	if len(b.Run.Summary.Failovers) != 1 {
		t.Fatalf("failovers: %+v", b.Run.Summary.Failovers)
	}
	addsUp(t, b.Run.Summary.Failovers[0])
	for _, file := range []string{"report.html", "report.md", "junit.xml"} {
		if st, err := os.Stat(filepath.Join(s.bundle(), file)); err != nil || st.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	t.Run("the report comes again from the bundle alone", func(t *testing.T) { rendersAgain(t, s.bundle()) })
	t.Run("a damaged bundle is refused", func(t *testing.T) { refusesDamage(t, s.bundle()) })
}

// fitsOnAScreen wants at most 40 lines of at most 100 columns. A command and a path are not
// broken into lines.
func fitsOnAScreen(t *testing.T, text string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) > 40 {
		t.Errorf("%d lines:\n%s", len(lines), text)
	}
	for _, line := range lines {
		if len([]rune(line)) > 100 && !strings.HasPrefix(line, "repeat with") && !strings.HasPrefix(line, "report ") {
			t.Errorf("a line of %d columns: %s", len([]rune(line)), line)
		}
	}
}

// addsUp compares the steps of a failover with the outage that the probes measured.
func addsUp(t *testing.T, f results.Failover) {
	t.Helper()
	var sum results.Duration
	for _, step := range f.Steps {
		if sum < f.Server {
			sum += step.Took
		}
	}
	if off := sum - f.Outage; max(off, -off).Std() > 100*time.Millisecond {
		t.Errorf("the steps add up to %v, the probes measured an outage of %v", sum, f.Outage)
	}
}

// rendersAgain makes the report of a copy of a bundle, where no redis-server is found.
func rendersAgain(t *testing.T, bundle string) {
	html, err := os.ReadFile(filepath.Join(bundle, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	other := newSandbox(t)
	other.path = "/nowhere"
	moved := filepath.Join(other.dir, "work", "copy")
	if err := os.CopyFS(moved, os.DirFS(bundle)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(moved, "report.html")); err != nil {
		t.Fatal(err)
	}
	code, again, stderr := other.run("report", "copy")
	if code != 0 || !strings.Contains(again, "kill-primary") {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	rendered, err := os.ReadFile(filepath.Join(moved, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(rendered, html) {
		t.Error("report.html differs from the run's")
	}
}

// refusesDamage damages copies of a bundle.
func refusesDamage(t *testing.T, bundle string) {
	for name, damage := range map[string]func(dir string) error{
		"series.jsonl": func(dir string) error { return os.Truncate(filepath.Join(dir, "series.jsonl"), 1000) },
		"run.json": func(dir string) error {
			path := filepath.Join(dir, "run.json")
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, bytes.Replace(raw, []byte(`"lost": 0`), []byte(`"lost":  0`), 1), 0o644)
		},
		"latency.hlog": func(dir string) error { return os.Remove(filepath.Join(dir, "latency.hlog")) },
	} {
		other := newSandbox(t)
		dir := filepath.Join(other.dir, "work", "copy")
		if err := os.CopyFS(dir, os.DirFS(bundle)); err != nil {
			t.Fatal(err)
		}
		if err := damage(dir); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := other.run("report", "copy")
		if code != 1 || !strings.Contains(stderr, name) {
			t.Errorf("%s damaged: exit code %d, %s", name, code, stderr)
		}
	}
}

// TestKilledAtRandomMoments ends slotstorm by SIGKILL at 20 random moments in the
// sealed room, and at 4 more on plain loopback, where no namespace ends the nodes.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range 24 {
		isolation := "auto"
		if i >= 20 {
			isolation = "none"
		}
		// The earliest moments are before the sealed room stands, the latest after the
		// restart that follows the failover.
		after := min(time.Duration(random.ExpFloat64()*float64(4*time.Second)), 12*time.Second)
		if i < 5 {
			after = time.Duration(random.Int64N(int64(100 * time.Millisecond)))
		}
		t.Run(fmt.Sprintf("%d-after-%v-isolation-%s", i, after.Round(time.Millisecond), isolation), func(t *testing.T) {
			t.Parallel()
			killAfter(t, after, isolation)
		})
	}
}

func killAfter(t *testing.T, after time.Duration, isolation string) {
	s := newSandbox(t)
	before := look(t, s.dir)
	cmd, _, _ := s.command(append([]string{"run", "kill-primary", "--set", "cluster.local.isolation=" + isolation}, short...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after) // the moment is random
	during := look(t, s.dir)
	for ns := range before.namespaces {
		delete(during.namespaces, ns)
	}
	during.processes, during.tables = nil, before.tables
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	s.nothingRemains(during)
}

// TestTheInnerProcessKilled ends the process inside the room instead.
func TestTheInnerProcessKilled(t *testing.T) {
	t.Parallel()
	s := newSandbox(t)
	before := look(t, s.dir)
	cmd, _, errs := s.command(append([]string{"run", "kill-primary"}, short...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		deployed, err := filepath.Glob(filepath.Join(s.dir, "work", "results", "runs", "*", "nodes", "node-0.log"))
		return err == nil && len(deployed) == 1
	})
	inner := child(t, cmd.Process.Pid)
	if err := syscall.Kill(inner, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code == 0 {
		t.Errorf("exit code 0, %s", errs)
	}
	s.nothingRemains(before)
}

// child is the only child of a process.
func child(t *testing.T, parent int) int {
	t.Helper()
	list := children(t, parent)
	if len(list) == 0 {
		t.Fatalf("process %d has no child", parent)
	}
	return list[0]
}

// children are the processes that a process has started.
func children(t *testing.T, parent int) []int {
	t.Helper()
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(parent) + "/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for _, task := range tasks {
		raw, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has ended
		}
		for _, word := range strings.Fields(string(raw)) {
			pid, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, pid)
		}
	}
	return list
}

func await(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come so far within 20 s")
		}
	}
}

// TestInterrupt presses Ctrl-C in the middle of the failure: once ends the run with a
// report, twice aborts it.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	t.Run("once", func(t *testing.T) {
		t.Parallel()
		s := newSandbox(t)
		before := look(t, s.dir)
		s.interrupt("ended by SIGKILL")
		s.nothingRemains(before)
		b, err := results.Load(s.bundle())
		if err != nil {
			t.Fatal(err)
		}
		if b.Run.Interrupted == "" || b.Run.Summary.Verdict != results.Inconclusive {
			t.Errorf("interrupted %q, verdict %s", b.Run.Interrupted, b.Run.Summary.Verdict)
		}
		if f := b.Run.Faults[0]; f.Status != results.StatusHealed {
			t.Errorf("the fault ended as %s: %s", f.Status, f.Reason)
		}
		if st, err := os.Stat(filepath.Join(s.bundle(), "report.html")); err != nil || st.Size() == 0 {
			t.Errorf("report.html: %v", err)
		}
	})
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		s := newSandbox(t)
		before := look(t, s.dir)
		s.interrupt("ended by SIGKILL", "press Ctrl-C again")
		s.nothingRemains(before)
		if _, err := results.Load(s.bundle()); !errors.Is(err, results.ErrUnsealed) {
			t.Errorf("the bundle of an aborted run: %v", err)
		}
	})
}

// interrupt runs kill-primary, sends SIGINT after each of the words on standard error,
// and waits for the end.
func (s *sandbox) interrupt(words ...string) {
	s.t.Helper()
	cmd, _, _ := s.command(append([]string{"run", "kill-primary"}, short...)...)
	cmd.Stderr = nil
	pipe, err := cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	var errs bytes.Buffer
	buf := make([]byte, 4096)
	for {
		n, err := pipe.Read(buf)
		errs.Write(buf[:n])
		if err != nil {
			break
		}
		if len(words) > 0 && strings.Contains(errs.String(), words[0]) {
			words = words[1:]
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	if len(words) > 0 {
		s.t.Errorf("no %q before the end", words[0])
	}
	_ = cmd.Wait() // its exit code is checked
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		s.t.Errorf("exit code %d\n%s", code, errs.String())
	}
}

// TestAsAnOrdinaryUser runs without any privilege.
func TestAsAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Log("this is an ordinary user: every test here is that test")
		return
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	s := newSandbox(t)
	s.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
	for _, dir := range []string{filepath.Dir(filepath.Dir(s.dir)), filepath.Dir(s.dir), s.dir} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, sub := range []string{"work", "home", "tmp"} {
		if err := os.Chown(filepath.Join(s.dir, sub), int(uid), int(uid)); err != nil {
			t.Fatal(err)
		}
	}
	before := look(t, s.dir)
	for _, isolation := range []string{"auto", "none"} {
		code, stdout, stderr := s.run(append([]string{"run", "kill-primary", "--json", "--out", isolation, "--set", "cluster.local.isolation=" + isolation}, short...)...)
		var answer struct {
			Summary *results.Summary
		}
		if err := json.Unmarshal([]byte(stdout), &answer); err != nil || answer.Summary == nil {
			t.Fatalf("isolation %s: exit code %d, --json: %v\n%s\n%s", isolation, code, err, stdout, stderr)
		}
		passed(t, code, answer.Summary)
	}
	if left := before.compare(t, look(t, s.dir)); len(left) > 0 {
		t.Errorf("left behind: %s", strings.Join(left, "; "))
	}
}
