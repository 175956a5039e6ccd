package upkeep

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/results"
)

const plainScenario = `
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: dead}
workload: {rate: 10}
timeline: {phases: [{name: calm, duration: 3s}]}
`

// dead is the folder of a run that was killed while a fault was in force, with a
// volume. Its journal has these entries.
func dead(t *testing.T, entries ...results.JournalEntry) string {
	t.Helper()
	w, err := results.Create(t.TempDir(), "dead", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range append(entries, results.JournalEntry{Step: "inject", Fault: "cut", Why: "shard 0"}) {
		if err := w.Journal(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), os.WriteFile(w.Path(results.ScenarioFile), []byte(plainScenario), 0o644), os.MkdirAll(w.Path("volumes/node-0"), 0o700)); err != nil {
		t.Fatal(err)
	}
	return w.Dir()
}

func onLoopback(list ...results.Process) []results.JournalEntry {
	entries := []results.JournalEntry{{Step: "place", Local: &results.LocalPlace{}}}
	for _, p := range list {
		entries = append(entries, results.JournalEntry{Step: "start", Process: &p})
	}
	return entries
}

// inVolume starts a process whose working folder is a volume of a run, as a user's
// shell may.
func inVolume(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.SysProcAttr = filepath.Join(dir, "volumes", "node-0"), &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

func alive(t *testing.T, cmd *exec.Cmd) bool {
	t.Helper()
	stopped, err := local.Stopped(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	now, err := local.Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	// One that was ended and is not reaped has no working folder.
	at, err := os.Readlink("/proc/" + strconv.Itoa(now.PID) + "/cwd")
	return err == nil && at != "" && !stopped
}

func TestRecoverEndsNobodyElse(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	network, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	sealed := results.JournalEntry{Step: "place", Local: &results.LocalPlace{Sealed: true}}
	for name, entries := range map[string]func(results.Process) []results.JournalEntry{
		"a live run has the dead one's namespace number": func(results.Process) []results.JournalEntry {
			return []results.JournalEntry{{Step: "place", Why: "sealed room " + network, Local: sealed.Local}}
		},
		"an old journal names its own network": func(results.Process) []results.JournalEntry {
			return []results.JournalEntry{{Step: "place", Why: "sealed room " + network}}
		},
		"a shell stands in the volumes, sealed": func(results.Process) []results.JournalEntry { return []results.JournalEntry{sealed} },
		"a shell stands in the volumes, plain":  func(results.Process) []results.JournalEntry { return onLoopback() },
		"a number was given out again": func(p results.Process) []results.JournalEntry {
			p.Start--
			return onLoopback(p)
		},
		"another boot had the number": func(p results.Process) []results.JournalEntry {
			p.Boot = "0f0f0f0f-0000-0000-0000-000000000000"
			return onLoopback(p)
		},
		"a sealed run names a process of this machine": func(p results.Process) []results.JournalEntry {
			return append([]results.JournalEntry{sealed}, onLoopback(p)[1:]...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				dir := dead(t)
				bystander := inVolume(t, dir, "sleep", "600")
				id, err := local.Identify(bystander.Process.Pid)
				if err != nil {
					t.Fatal(err)
				}
				rewrite(t, dir, entries(results.Process(id)))
				r, err := Recover(t.Context(), dir, RecoverOptions{})
				if err != nil || len(r.Ended) > 0 {
					t.Fatalf("ended %+v: %v", r, err)
				}
				if !alive(t, bystander) {
					t.Fatal("a process that is not the run's was ended")
				}
			}
		})
	}
}

// rewrite replaces the journal of a dead run.
func rewrite(t *testing.T, dir string, entries []results.JournalEntry) {
	t.Helper()
	path := filepath.Join(dir, results.JournalFile)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	j, err := results.OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, e := range entries {
		if err := j.Append(e); err != nil {
			t.Fatal(err)
		}
	}
}

// A node of a run on plain loopback that outlives it, as without a parent-death signal,
// is ended, and its data removed.
func TestRecoverEndsARecordedNode(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	dir := dead(t)
	node := inVolume(t, dir, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "")
	id, err := local.Identify(node.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	rewrite(t, dir, append(onLoopback(results.Process(id)), results.JournalEntry{Step: "inject", Fault: "cut", Why: "shard 0"}))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := Recover(ctx, dir, RecoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Ended, []int{id.PID}) || !slices.Equal(r.Removed, []string{"volumes/"}) || len(r.Faults) != 1 {
		t.Errorf("%+v", r)
	}
	if err := node.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("the node: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "volumes")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its volumes: %v", err)
	}
	// Nothing is open any more, and nothing is left to end.
	if r, err := Recover(ctx, dir, RecoverOptions{}); err != nil || len(r.Faults)+len(r.Ended)+len(r.Removed) > 0 {
		t.Errorf("a second time: %+v %v", r, err)
	}
}

// A process that may be the run's, without proof, is left alone and reported.
func TestRecoverSaysWhatItLeavesAlone(t *testing.T) {
	dir := dead(t)
	other := exec.Command("sleep", "600")
	other.Dir = t.TempDir()
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	})
	id, err := local.Identify(other.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	// The record is made up, with knowledge of this machine.
	rewrite(t, dir, onLoopback(results.Process(id)))
	_, err = Recover(t.Context(), dir, RecoverOptions{})
	if !errors.Is(err, ErrUnhealed) || !errors.Is(err, local.ErrUnsure) {
		t.Errorf("the error is %v", err)
	}
	if !alive(t, other) {
		t.Error("it was ended")
	}
	if _, err := os.Lstat(filepath.Join(dir, "volumes")); err != nil {
		t.Errorf("the volumes of a node that may live: %v", err)
	}
}

func TestRecoverRemovesWhatIsNotToBeKept(t *testing.T) {
	for name, tc := range map[string]struct {
		at   *results.LocalPlace
		left []string
	}{
		"killed in the room":        {&results.LocalPlace{Sealed: true}, nil},
		"killed on plain loopback":  {&results.LocalPlace{}, nil},
		"with --keep-volumes":       {&results.LocalPlace{KeepVolumes: true}, []string{"dump.rdb", "redis.conf", "tls.key"}},
		"of a version without type": {nil, []string{"dump.rdb"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := dead(t, results.JournalEntry{Step: "place", Local: tc.at})
			volume, outside := filepath.Join(dir, "volumes", "node-0"), t.TempDir()
			for _, name := range []string{"dump.rdb", "redis.conf", "tls.key"} {
				if err := os.WriteFile(filepath.Join(volume, name), []byte("requirepass secret"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(os.WriteFile(filepath.Join(outside, "tls.key"), nil, 0o600), os.Symlink(outside, filepath.Join(dir, "volumes", "node-1"))); err != nil {
				t.Fatal(err)
			}
			if _, err := Recover(t.Context(), dir, RecoverOptions{}); err != nil {
				t.Fatal(err)
			}
			var left []string
			entries, err := os.ReadDir(volume)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			for _, e := range entries {
				left = append(left, e.Name())
			}
			if !slices.Equal(left, tc.left) {
				t.Errorf("left are %v, want %v", left, tc.left)
			}
			if _, err := os.Stat(filepath.Join(outside, "tls.key")); err != nil {
				t.Errorf("outside of the run: %v", err)
			}
		})
	}
}

func TestRecoverRemovesASecretsFolder(t *testing.T) {
	folder, err := os.MkdirTemp(t.TempDir(), "slotstorm-secret-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "secret"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := dead(t, append(onLoopback(), results.JournalEntry{Step: "secret", Folder: folder})...)
	if _, err := Recover(t.Context(), dir, RecoverOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}

func TestSweepLeavesARunUnderWayAlone(t *testing.T) {
	w, err := results.Create(t.TempDir(), "live", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	volumes := w.Path("volumes")
	if err := errors.Join(w.Journal(results.JournalEntry{Step: "place", Local: &results.LocalPlace{Sealed: true}}), os.Mkdir(volumes, 0o700)); err != nil {
		t.Fatal(err)
	}
	if removed, err := Sweep(w.Dir()); err != nil || len(removed) > 0 {
		t.Errorf("under way: %v %v", removed, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if removed, err := Sweep(w.Dir()); err != nil || !slices.Equal(removed, []string{"volumes/"}) {
		t.Errorf("ended: %v %v", removed, err)
	}
	if removed, err := Sweep(w.Dir()); err != nil || len(removed) > 0 {
		t.Errorf("swept: %v %v", removed, err)
	}
}

// The program that heals a fault which was in force runs, with its nodes, where the user
// permits it.
func TestRecoverRunsTheProgramThatHeals(t *testing.T) {
	healed := filepath.Join(t.TempDir(), "healed")
	scenario := "apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: test}\ntimeline:\n  phases: [{name: a, duration: 30s}]\n  faults:\n" +
		"  - {name: stop, at: 1s, duration: 20s, exec: {target: primary of shard 0, inject: ['true'], heal: [sh, -c, 'echo $SLOTSTORM_NODES $SLOTSTORM_ADDRESSES > " + healed + "']}}\n"
	dir := dead(t,
		results.JournalEntry{Step: "place", Local: &results.LocalPlace{Sealed: true}},
		results.JournalEntry{Step: "nodes", Addresses: map[string]string{"node-0": "h:1", "node-1": "h:2"}},
		results.JournalEntry{Step: "inject", Fault: "stop", Nodes: []string{"node-0"}, Why: "stop it"})
	if err := os.WriteFile(filepath.Join(dir, results.ScenarioFile), []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Recover(t.Context(), dir, RecoverOptions{}); !errors.Is(err, ErrUnhealed) || !strings.Contains(err.Error(), "--allow-exec") {
		t.Errorf("without permission: %v", err)
	}
	r, err := Recover(t.Context(), dir, RecoverOptions{AllowExec: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(healed); err != nil || string(got) != "node-0 h:1\n" || !strings.Contains(r.Seen, "exit code 0") {
		t.Errorf("%q %v, seen: %s", got, err, r.Seen)
	}
	if r, err := Recover(t.Context(), dir, RecoverOptions{}); err != nil || len(r.Faults) > 0 {
		t.Errorf("again: %+v %v", r, err)
	}
}
