package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/slotstorm/slotstorm/internal/upkeep"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// patient is small with nodes that wait longer for each other than a busy machine
// or a pause holds one up.
var patient = strings.Replace(small, "cluster-node-timeout: 1000", "cluster-node-timeout: 10000", 1)

// hang pauses a primary, which is back before it would be declared failed.
const hang = `
timeline:
  phases: [{name: calm, duration: 1s}, {name: hang, duration: 4s}, {name: after, duration: 1s}]
  faults: [{name: hang, at: 1s, duration: 2s, pause: {target: primary of shard 1}}]
`

// TestAFullDiskInTheMiddleOfARun fills the file system of the results at each step of
// a fault, and around it.
func TestAFullDiskInTheMiddleOfARun(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	for name, at := range map[string]string{
		"before the fault":  "phase: calm",
		"once it is due":    "phase: hang",
		"checked":           "is primary of shard 1",
		"injected":          "SIGSTOP to primary",
		"proved":            "is stopped (state T)",
		"healed":            "goes on and answers",
		"verified":          "the cluster is whole again",
		"the load is over":  "drain",
		"read back":         "audit",
		"while it collects": "collect",
	} {
		t.Run(name, func(t *testing.T) {
			if !inRoom(t) {
				return
			}
			root, err := fullAt(t, at)
			if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "the disk of "+root+" is full: free space there") {
				t.Errorf("the run ended with %v", err)
			}
			if errors.Is(err, upkeep.ErrUnhealed) {
				t.Errorf("a fault counts as in force: %v", err)
			}
			for _, left := range processesUnder(t, root) {
				t.Errorf("a process is left: %s", left)
			}
			if left, err := filepath.Glob(filepath.Join(root, "*", results.VolumesDir)); err != nil || len(left) > 0 {
				t.Errorf("volumes are left: %v %v", left, err)
			}
		})
	}
}

// fullAt runs a scenario whose disk is full from a message of its progress on. A machine that
// is too busy for the fault to be proved never comes to some of them: then it tries again.
func fullAt(t *testing.T, at string) (root string, err error) {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", []byte(patient+hang))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		root = smallDisk(t)
		full := false
		in := &intruder{t: t, root: root, at: at, act: func(*intruder) { full = true; fill(t, root) }}
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute) // the cluster is awaited for two
		_, err = Run(ctx, s, Options{Root: root, Observer: in})
		cancel()
		if full {
			return root, err
		}
		t.Logf("the run did not come to %q: %v", at, err)
	}
	t.Fatalf("no run came to %q", at)
	return "", nil
}

// TestAFullDiskBeforeARun leaves nothing.
func TestAFullDiskBeforeARun(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	if !inRoom(t) {
		return
	}
	root := smallDisk(t)
	fill(t, root)
	err := failing(t, small+hang, Options{Root: root, Room: room})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "is full: free space there") {
		t.Errorf("the run ended with %v", err)
	}
}

// TestAReadOnlyDiskBeforeARun is named.
func TestAReadOnlyDiskBeforeARun(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	if !inRoom(t) {
		return
	}
	root := smallDisk(t)
	if err := unix.Mount("", root, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	err := failing(t, small+hang, Options{Root: root, Room: room})
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "is read-only: mount it writable") {
		t.Errorf("the run ended with %v", err)
	}
}

// smallDisk is a file system of its own, in the room's mounts.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes all the space that there is.
func fill(t *testing.T, dir string) {
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	block := make([]byte, 4096)
	for {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Error(err)
			return
		}
	}
}

// failing runs a scenario that cannot end well, and gives its error.
func failing(t *testing.T, yaml string, o Options) error {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute) // the cluster is awaited for two
	defer cancel()
	if _, err = Run(ctx, s, o); err == nil {
		t.Error("the run ended well")
	}
	return err
}

// processesUnder are the processes that have their folder under a root.
func processesUnder(t *testing.T, root string) []string {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, d := range dirs {
		if at, err := os.Readlink(d); err == nil && strings.HasPrefix(at, root) {
			list = append(list, fmt.Sprint(filepath.Dir(d), " in ", at))
		}
	}
	return list
}
