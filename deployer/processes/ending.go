package processes

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
)

// exitLimit is how long the kernel may take to end a killed node.
const exitLimit = 5 * time.Second

// End kills a process: its data is about to be deleted, so there is nothing
// that a graceful end would save.
func End(p *local.Process) error {
	select {
	case <-p.Done():
		return nil
	default:
	}
	if err := p.Kill(); err != nil {
		return err
	}
	select {
	case <-p.Done():
		return nil
	case <-time.After(exitLimit):
		return fmt.Errorf("process %d does not end", p.PID())
	}
}

// terminate asks a process to end. One that has ended already is no error.
func terminate(p *local.Process) error {
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
