package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	place "github.com/slotstorm/slotstorm/clusters/local"
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
	// Removed are what the run had left on Kubernetes and was removed.
	Removed []string `json:"removed,omitempty"`
	// Seen says by what is known that nothing is in force any more.
	Seen string `json:"seen"`
}

// Recover heals what a run in dir has left in force when it ended without healing,
// and verifies that nothing is. An error that is ErrUnhealed says that this could
// not be verified, one that is results.ErrUnderWay that the run has not ended. named is
// the context of the kubeconfig that the user named on the command line; empty is
// none, and then a context that the journal names must be that of a cluster for trials
// on this machine.
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
	s, err := scenarios.Load(filepath.Join(dir, results.ScenarioFile))
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
	for _, e := range open {
		if err := j.Append(results.JournalEntry{Fault: e.Fault, Step: "recover", Node: e.Node, Nodes: e.Nodes, Why: r.Seen}); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// goneLimit is how long the kernel may take to end what is left.
const goneLimit = 10 * time.Second

// local ends what is left of a run on this machine. In a sealed room nothing is:
// the kernel has ended the nodes with the run's process, and dropped the network
// with its rules when the last process in it was gone.
func (r *Recovery) local(ctx context.Context, dir string, j *results.Journal) error {
	network := ""
	for _, e := range j.Entries {
		if name, sealed := strings.CutPrefix(e.Why, roomEntry); sealed && e.Step == "place" {
			network = name
		}
	}
	volumes := filepath.Join(dir, results.VolumesDir)
	ctx, cancel := context.WithTimeout(ctx, goneLimit)
	defer cancel()
	t := time.NewTicker(50 * time.Millisecond)
	defer t.Stop()
	for {
		left, err := place.Remains(volumes, network)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnhealed, err)
		}
		if len(left) == 0 {
			break
		}
		for _, pid := range left {
			if pid == os.Getpid() {
				return fmt.Errorf("%w: this process stands in the run's own folder or network: start it elsewhere", ErrUnhealed)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err == nil {
				r.Ended = append(r.Ended, pid)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: processes %v of the run do not end", ErrUnhealed, left)
		case <-t.C:
		}
	}
	r.Seen = "no process has its folder in " + volumes
	if network != "" {
		r.Seen += ", and none is in the network " + network + ": it is gone, with its rules"
	}
	return nil
}

// roomEntry begins the journal's entry of a sealed room.
const roomEntry = "sealed room "

// enter notes in the journal where the run takes place, before anything is done
// there.
func (r *run) enter() error {
	why := "this machine, without a room"
	if r.s.Cluster.Provider != "local" {
		// Where in a cluster is noted when it is known.
		why = r.s.Cluster.Provider
	} else if r.o.Room.Sealed {
		network, err := place.Network()
		if err != nil {
			return err
		}
		why = roomEntry + network
	}
	return r.bundle.Journal(results.JournalEntry{Offset: r.clock.Now(), Step: "place", Why: why})
}
