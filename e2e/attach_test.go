//go:build e2e && linux

package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/e2e/built"
	"github.com/slotstorm/slotstorm/results"
)

// theirs is the cluster of examples/your-cluster, which slotstorm did not deploy.
type theirs struct {
	t     *testing.T
	root  string // of the repository
	dir   string
	first int
	env   []string
}

func newTheirs(t *testing.T) *theirs {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	c := &theirs{t: t, root: root, dir: t.TempDir(), first: freeSix(t)}
	c.env = append(os.Environ(), "DIR="+filepath.Join(c.dir, "their"), "PORT="+strconv.Itoa(c.first), "PATH="+filepath.Dir(built.Slotstorm(t))+":"+os.Getenv("PATH"))
	c.sh("examples/your-cluster/cluster.sh start")
	t.Cleanup(func() { c.sh("examples/your-cluster/cluster.sh stop") })
	return c
}

// freeSix is the first of six ports in a row that are free, their bus ports too.
func freeSix(t *testing.T) int {
	t.Helper()
next:
	for first := 20100; first < 30000; first += 10 {
		for i := range 6 {
			for _, port := range []int{first + i, first + i + 10000} {
				l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
				if err != nil {
					continue next
				}
				l.Close()
			}
		}
		return first
	}
	t.Fatal("no six ports are free")
	return 0
}

func (c *theirs) seed() string { return fmt.Sprint("127.0.0.1:", c.first+1) }

// start begins a command in the repository, with results in a folder of the test.
func (c *theirs) start(line string) (*exec.Cmd, *strings.Builder) {
	c.t.Helper()
	cmd := exec.Command("bash", "-c", "exec "+line)
	cmd.Dir, cmd.Env = c.root, c.env
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return cmd, &out
}

// sh runs a line, and gives what it prints.
func (c *theirs) sh(line string) string {
	c.t.Helper()
	cmd, out := c.start(line)
	if err := cmd.Wait(); err != nil {
		c.t.Errorf("%s: %v\n%s", line, err, out)
	}
	return out.String()
}

// run is a run of the example's scenario on this cluster.
func (c *theirs) run(flags string) string {
	return fmt.Sprintf("slotstorm --out %s run examples/your-cluster/scenario.yaml --set cluster.attach.seeds=[%q] %s", c.dir, c.seed(), flags)
}

func (c *theirs) keys() string {
	var all strings.Builder
	for i := range 6 {
		all.WriteString(c.sh(fmt.Sprintf("redis-cli -p %d keys '*'", c.first+i)))
	}
	return strings.TrimSpace(all.String())
}

// A cluster that slotstorm did not deploy: a program of the user's kills a primary, a command
// moves a role, the report is whole, and only the user's key is left, also after SIGKILL.
func TestAClusterOfYours(t *testing.T) {
	t.Parallel()
	c := newTheirs(t)
	c.sh(fmt.Sprintf("redis-cli -c -p %d set yours kept", c.first))
	for flags, want := range map[string]string{
		"":                    "--i-own " + c.seed(),
		"--i-own 127.0.0.1:1": "--i-own " + c.seed(),
		"--i-own " + c.seed(): "--allow-exec",
	} {
		cmd, out := c.start(c.run(flags))
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 2 || !strings.Contains(out.String(), want) {
			t.Errorf("%q: %v, want exit code 2 and %q:\n%s", flags, err, want, out)
		}
	}
	cmd, out := c.start(c.run("-q --i-own " + c.seed() + " --allow-exec"))
	_ = cmd.Wait() // its code is judged with the verdict
	if out.Len() > 0 {
		t.Errorf("with -q it printed %s", out)
	}
	b := c.bundle()
	passed(t, cmd.ProcessState.ExitCode(), b.Run.Summary)
	if s := b.Run.Summary; len(s.Failovers) != 2 || s.Failovers[0].From != "node-1" || s.Failovers[1].From != "node-2" {
		t.Errorf("failovers %+v", s.Failovers)
	}
	if b.Run.Audit == nil || b.Run.Audit.Phantom > 0 {
		t.Errorf("audit: %+v", b.Run.Audit)
	}
	ended := false
	for _, e := range b.Events {
		ended = ended || e.Kind == results.EventNodeExit && e.Node == "node-1"
	}
	if !ended {
		t.Error("no event says that the process of node-1 ended")
	}
	c.onlyYours()
	c.killed()
	c.onlyYours()
}

// bundle is the run that was made last.
func (c *theirs) bundle() *results.Bundle {
	c.t.Helper()
	dir, err := results.Find(c.dir, "latest")
	if err != nil {
		c.t.Fatal(err)
	}
	b, err := results.Read(dir)
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

func (c *theirs) onlyYours() {
	c.t.Helper()
	for _, key := range strings.Fields(c.keys()) {
		if key != "yours" {
			c.t.Errorf("key %s is left", key)
			return
		}
	}
}

// killed ends a run while its fault is in force, and recovers.
func (c *theirs) killed() {
	c.t.Helper()
	before := c.newest()
	cmd, out := c.start(c.run("--i-own " + c.seed() + " --allow-exec"))
	await(c.t, func() bool { return c.newest() != before && strings.Contains(c.journal(), `"step":"prove"`) })
	if err := cmd.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	again, refused := c.start(c.run("-q --i-own " + c.seed() + " --allow-exec"))
	if err := again.Wait(); again.ProcessState.ExitCode() != 3 {
		c.t.Errorf("a run while the other's lease lives: %v\n%s%s", err, refused, out)
	}
	run := filepath.Base(c.newest())
	if said := c.sh("slotstorm --out " + c.dir + " recover " + run + " --allow-exec"); !strings.Contains(said, "removed") || !strings.Contains(said, "exit code 0") {
		c.t.Errorf("recover: %s", said)
	}
}

// newest is the folder of the run that was begun last.
func (c *theirs) newest() string {
	c.t.Helper()
	dirs, err := filepath.Glob(filepath.Join(c.dir, "your-cluster-*"))
	if err != nil || len(dirs) == 0 {
		return ""
	}
	newest, at := "", time.Time{}
	for _, d := range dirs {
		if info, err := os.Stat(filepath.Join(d, results.JournalFile)); err == nil && info.ModTime().After(at) {
			newest, at = d, info.ModTime()
		}
	}
	return newest
}

func (c *theirs) journal() string {
	raw, err := os.ReadFile(filepath.Join(c.newest(), results.JournalFile))
	if err != nil {
		return ""
	}
	return string(raw)
}
