package disk

import (
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"runtime/debug"
	"sync"
)

// controlFD is the connection to the process that started this one.
const controlFD = 3

// Serve serves volumes until the process that started this one ends, or closes the
// connection.
func Serve() error {
	// Requests leave garbage, and few live bytes: fewer collections disturb fewer requests.
	debug.SetGCPercent(800)
	return serve(os.NewFile(controlFD, "control"))
}

func serve(control io.ReadWriteCloser) error {
	s := &Volumes{mounted: map[string]*volume{}}
	server := rpc.NewServer()
	if err := server.Register(s); err != nil {
		return err
	}
	server.ServeConn(control)
	return s.unmountAll()
}

// Volumes are the requests that the serving process takes, by net/rpc.
type Volumes struct {
	mu      sync.Mutex
	mounted map[string]*volume
}

func (s *Volumes) volume(dir string) (*volume, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.mounted[dir]
	if !ok {
		return nil, fmt.Errorf("%s is not mounted", dir)
	}
	return v, nil
}

// Mount puts the file system over a folder.
func (s *Volumes) Mount(dir string, _ *struct{}) error {
	v, err := mount(dir)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mounted[dir] = v
	return nil
}

// Unmount makes a volume a folder again.
func (s *Volumes) Unmount(dir string, _ *struct{}) error {
	v, err := s.volume(dir)
	if err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.mounted, dir)
	s.mu.Unlock()
	return v.unmount()
}

func (s *Volumes) unmountAll() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, v := range s.mounted {
		errs = append(errs, v.unmount())
	}
	return errors.Join(errs...)
}

// Set changes how a volume answers.
func (s *Volumes) Set(r Setting, _ *struct{}) error {
	v, err := s.volume(r.Dir)
	if err == nil {
		v.set(r.Behaviour)
	}
	return err
}

// Settle counts everything on a volume as on its disk.
func (s *Volumes) Settle(dir string, _ *struct{}) error {
	v, err := s.volume(dir)
	if err == nil {
		v.settle()
	}
	return err
}

// Cut is a power failure of a volume.
func (s *Volumes) Cut(r Failure, loss *Loss) error {
	v, err := s.volume(r.Dir)
	if err == nil {
		*loss, err = v.cut(r.Torn, r.Seed)
	}
	return err
}
