package agent

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
)

// Pressure is what an agent takes from those that it shares a container with.
type Pressure struct {
	// PID is a process that is held to one processor, which Workers busy threads
	// share with it; 0 is none.
	PID       int `json:"pid,omitempty"`
	Processor int `json:"processor,omitempty"`
	Workers   int `json:"workers,omitempty"`
	// Memory is how much of it is held, in bytes.
	Memory int64 `json:"memory,omitempty"`
	// Limit is how long it lasts, unless it is ended before.
	Limit time.Duration `json:"limit"`
}

// Strain is how things are where an agent is.
type Strain struct {
	// Processors are those that a process may use.
	Processors []int `json:"processors,omitempty"`
	// Worked is the processor time that the agent has used.
	Worked time.Duration `json:"worked,omitempty"`
	// Held is the memory that the agent holds, Free what programs could still take
	// on the machine, and FreeHere within the bound of the container, all in bytes;
	// FreeHere is nil if it has none.
	Held     int64  `json:"held,omitempty"`
	Free     int64  `json:"free,omitempty"`
	FreeHere *int64 `json:"freeHere,omitempty"`
}

// presser is the pressure of one session.
type presser struct {
	pid        int
	processors []int
	over       atomic.Bool
	timer      *time.Timer

	mu   sync.Mutex
	held *local.Memory
}

// press begins.
func press(p Pressure) (s *presser, err error) {
	s = &presser{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.end())
		}
	}()
	if p.Memory > 0 {
		if s.held, err = local.HoldMemory(p.Memory); err != nil {
			return s, err
		}
	}
	if p.PID > 0 {
		if s.processors, err = local.Affinity(p.PID); err != nil {
			return s, err
		}
		s.pid = p.PID
		if err := local.Pin(p.PID, []int{p.Processor}); err != nil {
			return s, err
		}
		// Every busy thread keeps one of the runtime's to itself.
		runtime.GOMAXPROCS(p.Workers + runtime.NumCPU())
		for range p.Workers {
			go busy(p.Processor, &s.over)
		}
	}
	s.timer = time.AfterFunc(p.Limit, func() { _ = s.end() })
	return s, nil
}

// busy uses a processor until it is over.
func busy(processor int, over *atomic.Bool) {
	// Never unlocked: the thread, which is bound to the processor, ends with this.
	runtime.LockOSThread()
	if local.Pin(0, []int{processor}) != nil {
		return // the processor time that is not used shows it
	}
	for !over.Load() {
	}
}

// end gives all back; a second time, and of nothing, nothing.
func (s *presser) end() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over.Swap(true) {
		return nil
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	var err error
	if s.held != nil {
		err = s.held.Release()
		s.held = nil
	}
	if s.pid != 0 {
		// A process that has ended is held to nothing.
		if unpinned := local.Pin(s.pid, s.processors); !errors.Is(unpinned, syscall.ESRCH) {
			err = errors.Join(err, unpinned)
		}
	}
	return err
}

// holding is how much memory is held, in bytes.
func (s *presser) holding() (int64, error) {
	if s == nil {
		return 0, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		return 0, nil
	}
	return s.held.Held()
}

// strain looks at a process, at this one, and at the memory here.
func (s *presser) strain(pid int) (r Strain, err error) {
	if r.Processors, err = local.Affinity(pid); err != nil {
		return r, err
	}
	if r.Worked, err = local.ProcessorTime(os.Getpid()); err != nil {
		return r, err
	}
	if r.Held, err = s.holding(); err != nil {
		return r, err
	}
	if r.Free, err = local.FreeMemory(); err != nil {
		return r, err
	}
	// A container without a bound reads a number beyond all memory, or none.
	if free, err := local.FreeInContainer(); err == nil && free < r.Free {
		r.FreeHere = &free
	}
	return r, nil
}
