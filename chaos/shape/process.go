package shape

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
)

// Process is one that runs Serve. It ends with this program.
type Process struct {
	host    *local.Host
	process *local.Process
	said    *states
}

// states keeps what a Process has written: lines of JSON, or why it ended.
type states struct {
	mu   sync.Mutex
	part []byte
	last *State
	text []string
}

// saidLimit bounds the text of a process that is kept, in lines.
const saidLimit = 10

// Write takes lines.
func (s *states) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.part = append(s.part, b...)
	for {
		line, rest, whole := bytes.Cut(s.part, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		var state State
		if err := json.Unmarshal(line, &state); err == nil {
			s.last = &state
		} else if len(s.text) < saidLimit {
			s.text = append(s.text, string(line))
		}
		s.part = bytes.Clone(rest)
	}
}

func (s *states) state() (*State, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, strings.Join(s.text, "; ")
}

// nested marks the environment of a process that Start has started.
const nested = "SLOTSTORM_SHAPES"

// Start starts this program's verb for Serve, agent shape, and waits until it reads its
// queues.
func Start(ctx context.Context, t Task) (*Process, error) {
	// A program without that verb, such as one with tests, would start itself without end.
	if os.Getenv(nested) != "" {
		return nil, errors.New("this process was started to shape packets itself")
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the program's own file: %w", err)
	}
	task, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("the task of the shaper: %w", err)
	}
	s := &Process{host: local.NewHost(), said: new(states)}
	if s.process, err = s.host.Start(local.Spec{Path: self, Args: []string{"agent", "shape"}, Dir: "/", Env: []string{nested + "=1"}, Output: s.said, Input: task}); err != nil {
		s.host.Close()
		return nil, err
	}
	err = await(ctx, func() error {
		if state, _ := s.said.state(); state != nil || s.Alive() != nil {
			return nil
		}
		return errors.New("the process that shapes packets does not read its queues yet")
	})
	if err = errors.Join(err, s.Alive()); err != nil {
		return nil, errors.Join(err, s.End())
	}
	return s, nil
}

// Alive gives an error once the shaper has ended.
func (s *Process) Alive() error {
	select {
	case <-s.process.Done():
		_, text := s.said.state()
		return fmt.Errorf("the process that shapes packets has %s: %s", s.process.Exit(), text)
	default:
		return nil
	}
}

// State is what became of the packets, not older than ReportEvery by much.
func (s *Process) State() (State, error) {
	state, _ := s.said.state()
	return *state, s.Alive()
}

// After is a state that was written later than this call.
func (s *Process) After(ctx context.Context) (State, error) {
	old, _ := s.said.state()
	err := await(ctx, func() error {
		if now, _ := s.said.state(); now.At > old.At || s.Alive() != nil {
			return nil
		}
		return errors.New("the process that shapes packets does not report")
	})
	now, _ := s.said.state()
	return *now, errors.Join(err, s.Alive())
}

// drainLimit bounds the wait for packets that are under way, beyond their latency.
const drainLimit = 2 * time.Second

// Drain waits until no packet is held: none comes any more.
func (s *Process) Drain(ctx context.Context, latest time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, latest+drainLimit)
	defer cancel()
	return await(ctx, func() error {
		state, err := s.State()
		for _, w := range state.Ways {
			if w.Held > 0 {
				return errors.Join(fmt.Errorf("%d packets are still under way", w.Held), err)
			}
		}
		return err
	})
}

// End ends the process.
func (s *Process) End() error {
	err := s.process.Kill()
	<-s.process.Done()
	s.host.Close()
	return err
}

// PID is its number.
func (s *Process) PID() int { return s.process.PID() }

// lookEvery is the distance of two looks at what a process has written.
const lookEvery = 5 * time.Millisecond

// await looks until f gives nil, or ctx ends: then it gives what f said last.
func await(ctx context.Context, f func() error) error {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-t.C:
		}
	}
}
