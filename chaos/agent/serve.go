package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
)

// Rescue starts a process of its own that lets another one go on after a while,
// and that outlives this one.
type Rescue func(pid int, after time.Duration) error

// maxLine bounds one line, in bytes.
const maxLine = 1 << 20

// Serve answers requests until there are no more. An error is one of the
// connection: what cannot be done is stated in the reply.
func Serve(ctx context.Context, in io.Reader, out io.Writer, rescue Rescue) (err error) {
	s := &session{rescue: rescue}
	defer func() { err = errors.Join(err, s.press.end()) }()
	write := json.NewEncoder(out)
	if err := write.Encode(reply{Version: version, PID: os.Getpid()}); err != nil {
		return fmt.Errorf("answering: %w", err)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 4096), maxLine)
	for lines.Scan() {
		var q request
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return fmt.Errorf("reading a request: %w", err)
		}
		a, err := s.act(ctx, q)
		if err != nil {
			a.Error = err.Error()
		}
		if err := write.Encode(a); err != nil {
			return fmt.Errorf("answering: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading a request: %w", err)
	}
	return nil
}

// session is what an agent keeps from one request to the next.
type session struct {
	rescue Rescue
	press  *presser
}

func (s *session) act(ctx context.Context, q request) (a reply, err error) {
	switch {
	case q.Cut != nil:
		return a, local.Cut(q.Cut.Name, q.Cut.Rules, q.Cut.Limit)
	case q.Mend != "":
		if n, err := local.Dropped(q.Mend); err == nil {
			a.Dropped = &n
		}
		return a, local.Mend(q.Mend)
	case q.Cuts:
		a.Cuts, err = local.Cuts()
		return a, err
	case q.Dial != nil:
		a.Outcomes = Each(len(q.Dial.To), func(i int) Outcome { return Try(ctx, netip.Addr{}, q.Dial.To[i], q.Dial.Limit) })
		return a, nil
	case q.HalfOpens:
		a.HalfOpens, err = local.HalfOpens()
		return a, err
	case q.Stop != nil:
		return a, halt(*q.Stop, s.rescue)
	case q.Continue != 0:
		return a, signal(q.Continue, syscall.SIGCONT)
	case q.Stopped != 0:
		a.Stopped, err = local.Stopped(q.Stopped)
		return a, err
	case q.Press != nil:
		if err := s.press.end(); err != nil {
			return a, err
		}
		s.press, err = press(*q.Press)
		return a, err
	case q.End != 0:
		if err = signal(q.End, syscall.SIGKILL); errors.Is(err, syscall.ESRCH) {
			a.Gone, err = true, nil
		}
		return a, err
	case q.Strain != 0:
		strain, err := s.press.strain(q.Strain)
		a.Strain = &strain
		return a, err
	case q.Pin != nil:
		return a, local.Pin(q.Pin.PID, q.Pin.Processors)
	}
	return a, errors.New("the agent does not know this request")
}

// halt stops a process. That which lets it go on comes first.
func halt(s stop, rescue Rescue) error {
	if err := rescue(s.PID, s.Limit); err != nil {
		return fmt.Errorf("arming what lets process %d go on: %w", s.PID, err)
	}
	return signal(s.PID, syscall.SIGSTOP)
}

func signal(pid int, s syscall.Signal) error {
	if err := syscall.Kill(pid, s); err != nil {
		return fmt.Errorf("sending %v to process %d: %w", s, pid, err)
	}
	return nil
}

// Release lets a process go on after a while: it is what a Rescue runs. A process
// that has ended needs no healing.
func Release(ctx context.Context, pid int, after time.Duration) error {
	select {
	case <-ctx.Done():
	case <-time.After(after):
	}
	if err := signal(pid, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}
