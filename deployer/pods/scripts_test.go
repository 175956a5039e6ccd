package pods

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
