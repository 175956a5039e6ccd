package kind

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// Mark names the owner of a kind cluster from its first container on: a folder of
// this machine that its nodes mount at a place which names the run. While whoever
// has made the cluster lives, it holds a lock in that folder.
type Mark struct {
	// RunID is the id of the run; empty if slotstorm has not made the cluster.
	RunID string
	// Up means that it was made to be kept.
	Up bool
	// Dir is the folder.
	Dir string

	lock *os.File
}

// markRoot is where nodes mount the folder: markRoot/up/RUN or markRoot/run/RUN.
const markRoot = "/etc/slotstorm"

const lockFile = "owner.lock"

// NewMark makes the folder and takes its lock, for the life of this process or
// until Remove.
func NewMark(runID string, up bool) (*Mark, error) {
	// Docker makes the folder again if it is missing when a node starts: it should
	// outlive a restart of the machine.
	root, err := os.UserCacheDir()
	if err != nil {
		root = os.TempDir()
	}
	m := &Mark{RunID: runID, Up: up, Dir: filepath.Join(root, "slotstorm", "kind", runID)}
	if err := os.MkdirAll(m.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("marking the kind cluster: %w", err)
	}
	m.lock, err = os.Create(filepath.Join(m.Dir, lockFile))
	if err == nil {
		err = syscall.Flock(int(m.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("marking the kind cluster: %w", err), m.Remove())
	}
	return m, nil
}

// Remove gives the lock free and removes the folder. Of a mark that slotstorm has
// not made it removes nothing.
func (m *Mark) Remove() error {
	if m.lock != nil {
		m.lock.Close()
	}
	if m.RunID == "" || filepath.Base(m.Dir) != m.RunID {
		return nil
	}
	return os.RemoveAll(m.folder())
}

// desktopRoot is where the virtual machine of Docker Desktop has the files of its host:
// docker inspect may show the source of a mount below it.
const desktopRoot = "/host_mnt"

// folder is the folder of the mark as this process sees it.
func (m *Mark) folder() string {
	if rest, ok := strings.CutPrefix(m.Dir, desktopRoot); ok && strings.HasPrefix(rest, "/") {
		if _, err := os.Stat(m.Dir); err != nil {
			return rest
		}
	}
	return m.Dir
}

// Hold is whether the process that made a cluster still runs.
type Hold int

const (
	// Unseen means that its lock cannot be seen from here, which proves nothing: the maker
	// may be in a container with files of its own, be another user, or be on another machine
	// that shares the Docker engine.
	Unseen Hold = iota
	// Held means that it runs, Released that it has ended.
	Held
	Released
)

// Hold looks at the lock of the process that made the cluster. The error is why it is not
// seen.
func (m *Mark) Hold() (Hold, error) {
	f, err := os.Open(filepath.Join(m.folder(), lockFile))
	if err != nil {
		return Unseen, err
	}
	defer f.Close()
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case err == nil:
		return Released, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return Held, nil
	default:
		return Unseen, fmt.Errorf("%s: %w", f.Name(), err)
	}
}

func (m *Mark) mount() v1alpha4.Mount {
	sort := "run"
	if m.Up {
		sort = "up"
	}
	return v1alpha4.Mount{HostPath: m.Dir, ContainerPath: path.Join(markRoot, sort, m.RunID), Readonly: true}
}
