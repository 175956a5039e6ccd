package upkeep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// RecoverOptions are those of a recovery.
type RecoverOptions struct {
	// Context is the context of the kubeconfig that the user named on the command line;
	// empty is none, and then a context that the journal names must be that of a cluster
	// for trials on this machine.
	Context string
	// AllowExec permits the programs of the run's faults.
	AllowExec bool
}

// Recover undoes the faults that a killed run in dir left active, verifies that none
// is, and removes the data and the secrets that the run left.
// An error that is ErrUnhealed says that this could not be verified, one that is
// results.ErrUnderWay that the run has not ended, one that is results.ErrUntrusted
// that another user may have written the journal.
func Recover(ctx context.Context, dir string, o RecoverOptions) (*Recovery, error) {
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
	undone, err := undo(ctx, s, j, o.AllowExec)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnhealed, err)
	}
	switch p := s.Cluster.Provider; p {
	case "local":
		err = r.local(ctx, dir, j)
	case "kind", "kube":
		err = r.kubernetes(ctx, s, filepath.Base(dir), j, o.Context)
	case scenarios.Attach:
		err = r.attached(ctx, s, filepath.Base(dir), j, o.Context)
	default:
		err = fmt.Errorf("%w: this version cannot recover a run on %q", ErrUnhealed, p)
	}
	if s.Cluster.Provider != "local" {
		err = errors.Join(err, r.source(ctx, dir, j))
	}
	if err != nil {
		return nil, err
	}
	r.Seen = undone + r.Seen
	if sealed {
		// The journal of a sealed run is evidence: it must not change.
		return r, nil
	}
	for _, e := range open {
		if err := j.Append(results.JournalEntry{Fault: e.Fault, Step: "recover", Node: e.Node, Nodes: e.Nodes, Why: r.Seen}); err != nil {
			return nil, err
		}
	}
	if !j.Recovered() {
		if err := j.Append(results.JournalEntry{Step: "recover", Why: r.Seen}); err != nil {
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
	s, err := scenarios.Recorded(results.ScenarioFile, raw)
	if err != nil {
		return nil, false, err
	}
	_, err = f.ReadFile(results.SumsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	return s, true, err
}

// undo mends what faults left broken outside of the nodes: machines first, and then what programs
// of the user's heal. It says what it did, with a semicolon behind.
func undo(ctx context.Context, s *scenarios.Scenario, j *results.Journal, allowed bool) (text string, err error) {
	machines, err := mendMachines(ctx, j.Open())
	if err != nil {
		return "", err
	}
	programs, err := heal(ctx, s, j, allowed)
	if err != nil {
		return "", err
	}
	for _, said := range []string{machines, programs} {
		if said != "" {
			text += said + "; "
		}
	}
	return text, nil
}
