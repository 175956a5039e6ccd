package pods

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

// hostile are names that a shell takes for more than a name.
var hostile = []string{
	"dump.rdb", "a b", "$(touch owned)", "`touch owned`", "x; touch owned", "x\" ; touch owned; \"", "it's", "' ; touch owned; '", "a\ntouch owned", "*", "~", "-rf", "a&touch owned", "a|touch owned", "\\", "ü", "",
}

func TestAWordIsReadBackByTheShell(t *testing.T) {
	dir := t.TempDir()
	for _, word := range hostile {
		cmd := exec.Command("sh", "-c", "printf %s "+shellWord(word))
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != word {
			t.Errorf("%q is read as %q: %v", word, out, err)
		}
	}
	untouched(t, dir)
}

// TestTheNameOfASnapshotIsNoCommand runs what takes and restores a backup, with its
// folders elsewhere, on names that validation refuses.
func TestTheNameOfASnapshotIsNoCommand(t *testing.T) {
	for _, name := range hostile {
		if name == "" {
			continue // the default
		}
		r := scenarios.Redis{Shards: 3, Config: map[string]string{"dbfilename": name}}
		dir := t.TempDir()
		for _, file := range []string{name, "nodes.conf"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte("data"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		sh(t, dir, strings.ReplaceAll(backupLine(r), dataDir, dir))
		if _, err := os.Stat(filepath.Join(dir, "backup", name)); err != nil {
			t.Errorf("%q has no backup: %v", name, err)
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "backup", "restore"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		p := &Plan{Redis: r}
		script, _, ok := strings.Cut(p.script(startScript), "if [ -s nodes.conf ]")
		if !ok {
			t.Fatal("the start script has no such part")
		}
		sh(t, dir, strings.ReplaceAll(script, "/data", dir))
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%q is not restored: %v", name, err)
		}
		untouched(t, dir)
	}
}

func sh(t *testing.T, dir, script string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func untouched(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "owned")); err == nil {
		t.Error("a name was run as a command")
	}
}

// A node that is kept down waits in the start script until the file is gone, or its own
// time is over, and counts as alive meanwhile.
func TestANodeThatIsKeptDownWaits(t *testing.T) {
	start, _, ok := strings.Cut((&Plan{Redis: scenarios.Redis{Shards: 3}}).script(startScript), "if [ -f backup/restore ]")
	if !ok {
		t.Fatal("the start script has no such part")
	}
	alive := (&Plan{Redis: scenarios.Redis{Shards: 3}}).script(aliveScript)
	for name, tc := range map[string]struct {
		limit   time.Duration
		release bool
	}{
		"until it may start":     {time.Hour, true},
		"until its time is over": {2 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "away")
			sh(t, dir, strings.ReplaceAll(keepDownLine(tc.limit), dataDir, dir))
			waiting := exec.Command("sh", "-c", strings.ReplaceAll(start, "/data", dir))
			if err := waiting.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- waiting.Wait() }()
			sh(t, dir, strings.ReplaceAll(alive, "/data", dir))
			if tc.release {
				select {
				case err := <-ended:
					t.Fatalf("it did not wait: %v", err)
				case <-time.After(time.Second):
				}
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("the file is left: the next start would wait again")
			}
		})
	}
}
