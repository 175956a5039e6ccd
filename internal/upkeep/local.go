package upkeep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
	"github.com/slotstorm/slotstorm/results"
)

// goneLimit bounds the wait for ended processes to be gone.
const goneLimit = 10 * time.Second

// local ends what is left of a run on this machine, which has ended: its journal is
// not locked. In a sealed room nothing is left: the kernel has ended the nodes with
// the run's process, and dropped the network with its rules. Elsewhere the journal
// names each process that the run has started.
func (r *Recovery) local(ctx context.Context, dir string, j *results.Journal) error {
	volumes := filepath.Join(dir, results.VolumesDir)
	switch at := j.Local(); {
	case at == nil && runtime.GOOS != "linux":
		return fmt.Errorf("%w: the journal is of an older slotstorm and names no processes: find the redis-server processes of %s in your process list and end them", ErrUnhealed, volumes)
	case at == nil:
		r.Seen = "the run's process has ended, and the kernel ends the nodes with it; the journal is of an older slotstorm and names no processes, so none was searched for"
	case at.Sealed:
		r.Seen = "the run's process has ended, and with it the kernel ended the sealed room: its nodes, and its network with all rules"
	default:
		if err := r.end(ctx, volumes, j.Processes()); err != nil {
			return fmt.Errorf("%w: %w", ErrUnhealed, err)
		}
		r.Seen = fmt.Sprintf("the run's process has ended, and so have the %d processes that its journal names", len(j.Processes()))
	}
	for _, folder := range j.Secrets() {
		if err := local.RemoveSecret(folder); err != nil {
			return err
		}
	}
	removed, err := tidy(dir, j.Local())
	r.Removed = append(r.Removed, removed...)
	return err
}

// source removes what a run elsewhere has left on this machine of the file that its keys came
// from: the copy, and the server that read it.
func (r *Recovery) source(ctx context.Context, dir string, j *results.Journal) error {
	if err := r.end(ctx, filepath.Join(dir, results.VolumesDir), j.Processes()); err != nil {
		return fmt.Errorf("%w: %w", ErrUnhealed, err)
	}
	removed, err := tidy(dir, &results.LocalPlace{})
	r.Removed = append(r.Removed, removed...)
	return err
}

// end ends those of the recorded processes that are still there, all that it can.
func (r *Recovery) end(ctx context.Context, volumes string, list []results.Process) error {
	ctx, cancel := context.WithTimeout(ctx, goneLimit)
	defer cancel()
	var errs []error
	for _, p := range list {
		ended, err := local.End(ctx, local.Identity(p), volumes)
		r.Ended = append(r.Ended, ended...)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// tidy removes what a run in dir that has ended has left in its folder and that is
// not to stay, and gives its names. Data is removed only if the journal says that it
// was not to be kept; older runs do not say, and lose only their secrets.
func tidy(dir string, at *results.LocalPlace) ([]string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Lstat(results.VolumesDir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case err != nil || !info.IsDir():
		return nil, errors.Join(err, fmt.Errorf("%s in %s is not a folder and was not touched", results.VolumesDir, dir))
	case at == nil:
		return oldSecrets(root)
	}
	if at.KeepVolumes {
		return nil, nil
	}
	if err := root.RemoveAll(results.VolumesDir); err != nil {
		return nil, fmt.Errorf("removing the nodes' data: %w", err)
	}
	return []string{results.VolumesDir + "/"}, nil
}

// oldSecrets removes the files in which runs of older versions kept a password and a
// key: redis.conf and tls.key of each volume.
func oldSecrets(root *os.Root) ([]string, error) {
	volumes, err := fs.ReadDir(root.FS(), results.VolumesDir)
	if err != nil {
		return nil, fmt.Errorf("looking for secrets: %w", err)
	}
	var removed []string
	for _, v := range volumes {
		for _, name := range []string{"redis.conf", "tls.key"} {
			path := results.VolumesDir + "/" + v.Name() + "/" + name
			// Only folders are opened: a pipe would block.
			if info, err := root.Lstat(path); !v.IsDir() || err != nil || !info.Mode().IsRegular() {
				continue
			}
			if err := root.Remove(path); err != nil {
				return removed, fmt.Errorf("removing a secret: %w", err)
			}
			removed = append(removed, path)
		}
	}
	return removed, nil
}

// Sweep removes the data of a run in dir if its process has died, and gives the names
// of what it removed. It leaves a run under way alone.
func Sweep(dir string) ([]string, error) {
	if _, err := os.Lstat(filepath.Join(dir, results.VolumesDir)); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	j, err := results.OpenJournal(dir)
	if errors.Is(err, results.ErrUnderWay) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer j.Close()
	at := j.Local()
	if at == nil {
		return nil, nil
	}
	return tidy(dir, at)
}
