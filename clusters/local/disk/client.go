package disk

import (
	"errors"
	"fmt"
	"net/rpc"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Setting asks for a behaviour of the volume at a folder.
type Setting struct {
	Dir       string
	Behaviour Behaviour
}

// Failure asks for a power failure of the volume at a folder.
type Failure struct {
	Dir  string
	Torn bool
	Seed uint64
}

// Server is the process that serves the volumes of a run. It ends with the sealed room.
type Server struct {
	cmd  *exec.Cmd
	link *rpc.Client
}

// Start starts the process: a program that calls Serve, with its arguments. Its errors
// go to standard error.
func Start(program string, args ...string) (*Server, error) {
	ours, theirs, err := pair()
	if err != nil {
		return nil, fmt.Errorf("starting the process that serves disks: %w", err)
	}
	cmd := exec.Command(program, args...)
	cmd.Stderr, cmd.ExtraFiles = os.Stderr, []*os.File{theirs}
	err = cmd.Start()
	if err = errors.Join(err, theirs.Close()); err != nil {
		return nil, fmt.Errorf("starting the process that serves disks: %w", errors.Join(err, ours.Close()))
	}
	return &Server{cmd, rpc.NewClient(ours)}, nil
}

// PID is the process' number in the room.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// closeLimit is how long the process may take to end.
const closeLimit = 5 * time.Second

// Close ends the process. It unmounts the volumes that are still mounted.
func (s *Server) Close() error {
	errs := []error{s.link.Close()}
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	select {
	case err := <-ended:
		errs = append(errs, err)
	case <-time.After(closeLimit):
		errs = append(errs, s.cmd.Process.Kill(), <-ended)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("ending the process that serves disks: %w", err)
	}
	return nil
}

// Volume is a folder behind the file system.
type Volume struct {
	server *Server
	dir    string

	mu sync.Mutex
	// faults are the behaviours that hold together, by who asked for them.
	faults map[string]Behaviour
}

// Mount puts the file system over a folder.
func (s *Server) Mount(dir string) (*Volume, error) {
	if err := s.link.Call("Volumes.Mount", dir, &struct{}{}); err != nil {
		return nil, fmt.Errorf("a volume on a disk that can fail: %w", err)
	}
	return &Volume{server: s, dir: dir, faults: map[string]Behaviour{}}, nil
}

// Unmount makes the volume a folder again, with what is in it. No process may use it.
func (v *Volume) Unmount() error {
	if err := v.server.link.Call("Volumes.Unmount", v.dir, &struct{}{}); err != nil {
		return fmt.Errorf("unmounting %s: %w", v.dir, err)
	}
	return nil
}

// Set changes how a fault has the volume answer from now on; the zero behaviour ends
// it. The delays of several faults add up. Requests that wait count from their start.
func (v *Volume) Set(fault string, b Behaviour) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.faults[fault] = b
	if err := v.server.link.Call("Volumes.Set", Setting{v.dir, v.but("")}, &struct{}{}); err != nil {
		return fmt.Errorf("changing the disk of %s: %w", v.dir, err)
	}
	return nil
}

// Beside is how the volume answers by all faults but one.
func (v *Volume) Beside(fault string) Behaviour {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.but(fault)
}

// but is Beside; the caller holds mu.
func (v *Volume) but(fault string) (all Behaviour) {
	for name, f := range v.faults {
		if name != fault {
			all = all.And(f)
		}
	}
	return all
}

// Settle counts what was written so far as on the disk, synced or not: a kernel writes it
// there in the course of some 30 s.
func (v *Volume) Settle() error {
	if err := v.server.link.Call("Volumes.Settle", v.dir, &struct{}{}); err != nil {
		return fmt.Errorf("settling %s: %w", v.dir, err)
	}
	return nil
}

// Cut is a power failure: it takes what was not synced. The node's process must have
// ended. torn leaves a part, drawn from the seed, of the first write that was not
// synced of the file that was written to last.
func (v *Volume) Cut(torn bool, seed uint64) (Loss, error) {
	var loss Loss
	if err := v.server.link.Call("Volumes.Cut", Failure{v.dir, torn, seed}, &loss); err != nil {
		return Loss{}, fmt.Errorf("cutting the power of %s: %w", v.dir, err)
	}
	return loss, nil
}
