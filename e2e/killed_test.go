//go:build e2e && linux

package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/slotstorm/slotstorm/results"
)

// TestADeadRunLeavesNoDataAndNoSecret kills the process inside of the sealed room, or
// the one outside of it, or the only one that there is on plain loopback.
func TestADeadRunLeavesNoDataAndNoSecret(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		isolation string
		inner     bool
		flags     []string
		// swept says that nothing is left without recover, kept that recover
		// leaves the data.
		swept, kept bool
	}{
		"inside":                     {"namespaces", true, nil, true, false},
		"outside":                    {"namespaces", false, nil, false, false},
		"plain loopback":             {"none", false, nil, false, false},
		"inside, volumes to be kept": {"namespaces", true, []string{"--keep-volumes"}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSandbox(t)
			args := append([]string{"run", "kill-primary", "--set", "redis.auth.enabled=true", "--set", "cluster.local.isolation=" + tc.isolation}, append(short, tc.flags...)...)
			cmd, _, errs := s.command(args...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			await(t, func() bool {
				confs, _ := filepath.Glob(filepath.Join(s.dir, "work", "results", "runs", "*", "volumes", "node-5", "nodes.conf"))
				return len(confs) == 1
			})
			pid := cmd.Process.Pid
			if tc.inner {
				pid = child(t, pid)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it was killed, or says so
			volumes := filepath.Join(s.bundle(), results.VolumesDir)
			if _, err := os.Lstat(volumes); errors.Is(err, os.ErrNotExist) != tc.swept {
				t.Errorf("the volumes: %v\n%s", err, errs)
			}
			noSecrets(t, s.bundle())
			// The kernel may take its time to end the inner process.
			await(t, func() bool {
				code, out, stderr := s.run("recover", s.bundle())
				if code != 0 && !strings.Contains(stderr, "under way") {
					t.Fatalf("recover: exit code %d: %s%s", code, out, stderr)
				}
				return code == 0
			})
			if _, err := os.Lstat(volumes); errors.Is(err, os.ErrNotExist) == tc.kept {
				t.Errorf("the volumes after recover: %v", err)
			}
		})
	}
}

// noSecrets looks for directives with passwords, and for keys, in every file.
func noSecrets(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if slices.ContainsFunc([]string{"requirepass ", "masterauth ", "PRIVATE KEY"}, func(s string) bool { return strings.Contains(string(raw), s) }) {
			t.Errorf("%s holds a secret", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
