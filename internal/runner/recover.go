package runner

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
	"github.com/slotstorm/slotstorm/scenarios"
)

// ErrUnhealed marks a fault that may still be in force.
var ErrUnhealed = errors.New("a fault may still be in force")

// Recovery is what was found of a run that has ended, and what was done about it.
type Recovery struct {
	Run string `json:"run"`
	// Faults were in force when the run ended, in words.
	Faults []string `json:"faults"`
	// Ended are processes of the run that were still there and were ended.
	Ended []int `json:"ended"`
	// Removed are what the run had left, on Kubernetes or in its folder, and was
	// removed.
	Removed []string `json:"removed,omitempty"`
	// Seen says by what is known that nothing is in force any more.
	Seen string `json:"seen"`
}

// Recover heals what a run in dir has left in force when it ended without healing,
// verifies that nothing is, and removes the data and the secrets that it has left.
// An error that is ErrUnhealed says that this could not be verified, one that is
// results.ErrUnderWay that the run has not ended, one that is results.ErrUntrusted
// that somebody else may have written what would be acted on. named is the context of
// the kubeconfig that the user named on the command line; empty is none, and then a
// context that the journal names must be that of a cluster for trials on this machine.
func Recover(ctx context.Context, dir, named string) (*Recovery, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	j, err := results.OpenJournal(dir)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	s, sealed, err := recorded(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the run's scenario: %w", err)
	}
	r := &Recovery{Run: filepath.Base(dir), Faults: []string{}, Ended: []int{}}
	open := j.Open()
	for _, e := range open {
		r.Faults = append(r.Faults, e.Fault+": "+e.Why)
	}
	switch p := s.Cluster.Provider; p {
	case "local":
		err = r.local(ctx, dir, j)
	case "kind", "kube":
		err = r.kubernetes(ctx, s, filepath.Base(dir), j, named)
	default:
		err = fmt.Errorf("%w: recovery from a run on %q is not known here", ErrUnhealed, p)
	}
	if err != nil {
		return nil, err
	}
	if sealed {
		// Its journal is evidence that nobody changes any more.
		return r, nil
	}
	for _, e := range open {
		if err := j.Append(results.JournalEntry{Fault: e.Fault, Step: "recover", Node: e.Node, Nodes: e.Nodes, Why: r.Seen}); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// recorded is the scenario of the run in dir, and whether the run's folder is sealed.
func recorded(dir string) (*scenarios.Scenario, bool, error) {
	f, err := results.OpenFolder(dir)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	raw, err := f.ReadFile(results.ScenarioFile)
	if err != nil {
		return nil, false, err
	}
	s, err := scenarios.Parse(results.ScenarioFile, raw)
	if err != nil {
		return nil, false, err
	}
	_, err = f.ReadFile(results.SumsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	return s, true, err
}

// goneLimit is how long the kernel may take to end what is left.
const goneLimit = 10 * time.Second

// local ends what is left of a run on this machine, which has ended: its journal is
// not locked. In a sealed room nothing is left: the kernel has ended the nodes with
// the run's process, and dropped the network with its rules. Elsewhere the journal
// names each process that the run has started.
func (r *Recovery) local(ctx context.Context, dir string, j *results.Journal) error {
	volumes := filepath.Join(dir, results.VolumesDir)
	switch at := j.Local(); {
	case at == nil && runtime.GOOS != "linux":
		return fmt.Errorf("%w: the journal is of an older slotstorm and names no processes: look for redis-server in your process list, and end those of %s", ErrUnhealed, volumes)
	case at == nil:
		r.Seen = "the run's process has ended, and the kernel ends the nodes with it; the journal is of an older slotstorm and names no processes, and so none was looked for"
	case at.Sealed:
		r.Seen = "the run's process has ended, and with it the kernel has ended the sealed room: its nodes, and its network with all rules"
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
		return nil, errors.Join(err, fmt.Errorf("%s in %s is no folder: it was left as it is", results.VolumesDir, dir))
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
			// What is no folder holds no file: it is not opened, as a pipe would block.
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

// Sweep removes what a run in dir has left in its folder if its process has died. It
// gives the names of what it removed. A run under way keeps what it has.
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

// enter notes in the journal where the run takes place, before anything is done
// there.
func (r *run) enter() error {
	e := results.JournalEntry{Offset: r.clock.Now(), Step: "place"}
	switch {
	case r.s.Cluster.Provider != "local":
		// Where in a cluster is noted when it is known.
		e.Why = r.s.Cluster.Provider
	case r.o.Room.Sealed:
		e.Why = "a sealed room on this machine"
	default:
		e.Why = "this machine, without a room"
	}
	if r.s.Cluster.Provider == "local" {
		e.Local = &results.LocalPlace{Sealed: r.o.Room.Sealed, KeepVolumes: r.o.KeepVolumes}
	}
	return r.bundle.Journal(e)
}
