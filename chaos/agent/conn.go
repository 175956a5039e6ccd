package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
)

// Conn is the run's side of a connection to an agent. It asks one thing at a time;
// several goroutines may use it. A connection that has failed once fails always.
type Conn struct {
	stream io.ReadWriteCloser
	pid    int

	mu     sync.Mutex
	lines  *bufio.Scanner
	write  *json.Encoder
	broken error
}

// NewConn takes over a stream to Serve, and closes it if that is of another
// version.
func NewConn(ctx context.Context, stream io.ReadWriteCloser) (*Conn, error) {
	c := &Conn{stream: stream, lines: bufio.NewScanner(stream), write: json.NewEncoder(stream)}
	c.lines.Buffer(make([]byte, 4096), maxLine)
	var hello reply
	err := c.converse(ctx, nil, &hello)
	if err == nil && hello.Version != version {
		err = fmt.Errorf("the agent's protocol is version %d, this one's %d: use one slotstorm for both", hello.Version, version)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	c.pid = hello.PID
	return c, nil
}

// PID is the agent's own process, by its number in the pod.
func (c *Conn) PID() int { return c.pid }

// Close ends the agent's session.
func (c *Conn) Close() error { return c.stream.Close() }

// Broken reports whether the connection is of no use any more.
func (c *Conn) Broken() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken != nil
}

// converse writes a request, if there is one, and reads a reply. When ctx ends
// before that, the connection does too.
func (c *Conn) converse(ctx context.Context, q *request, a *reply) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return c.broken
	}
	defer context.AfterFunc(ctx, func() { _ = c.stream.Close() })()
	defer func() {
		if err == nil {
			return
		}
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		err = fmt.Errorf("asking the agent: %w", err)
		c.broken = err
	}()
	if q != nil {
		if err := c.write.Encode(q); err != nil {
			return err
		}
	}
	if !c.lines.Scan() {
		if err := c.lines.Err(); err != nil {
			return err
		}
		return io.ErrUnexpectedEOF
	}
	return json.Unmarshal(c.lines.Bytes(), a)
}

func (c *Conn) ask(ctx context.Context, q request) (reply, error) {
	var a reply
	if err := c.converse(ctx, &q, &a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

// Cut puts rules in force under a name, until Mend or until the limit is over.
func (c *Conn) Cut(ctx context.Context, name string, rules []local.Rule, limit time.Duration) error {
	_, err := c.ask(ctx, request{Cut: &cut{name, rules, limit}})
	return err
}

// Mend takes the rules of a name out of force; dropped is how many packets they
// had taken, nil if there were none.
func (c *Conn) Mend(ctx context.Context, name string) (dropped *uint64, err error) {
	a, err := c.ask(ctx, request{Mend: name})
	return a.Dropped, err
}

// Cuts are the names of rules in force.
func (c *Conn) Cuts(ctx context.Context) ([]string, error) {
	a, err := c.ask(ctx, request{Cuts: true})
	return a.Cuts, err
}

// Dial tries connections from the pod, all at once, each for so long at most.
func (c *Conn) Dial(ctx context.Context, to []netip.AddrPort, limit time.Duration) ([]Outcome, error) {
	a, err := c.ask(ctx, request{Dial: &dials{to, limit}})
	if err == nil && len(a.Outcomes) != len(to) {
		err = fmt.Errorf("the agent tried %d of %d dials", len(a.Outcomes), len(to))
	}
	return a.Outcomes, err
}

// HalfOpens are the connections that somebody has asked the pod for.
func (c *Conn) HalfOpens(ctx context.Context) ([]local.HalfOpen, error) {
	a, err := c.ask(ctx, request{HalfOpens: true})
	return a.HalfOpens, err
}

// Stop stops a process until Continue or until the limit is over.
func (c *Conn) Stop(ctx context.Context, pid int, limit time.Duration) error {
	_, err := c.ask(ctx, request{Stop: &stop{pid, limit}})
	return err
}

// Continue lets a process go on.
func (c *Conn) Continue(ctx context.Context, pid int) error {
	_, err := c.ask(ctx, request{Continue: pid})
	return err
}

// Stopped reports whether a process is stopped.
func (c *Conn) Stopped(ctx context.Context, pid int) (bool, error) {
	a, err := c.ask(ctx, request{Stopped: pid})
	return a.Stopped, err
}

// Press begins to take processors or memory, until the pressure's limit is over or
// the connection ends.
func (c *Conn) Press(ctx context.Context, p Pressure) error {
	_, err := c.ask(ctx, request{Press: &p})
	return err
}

// End ends another agent in the pod, whose connection may have broken without its
// notice, and with it what it took. gone says that the process has ended.
func (c *Conn) End(ctx context.Context, pid int) (gone bool, err error) {
	a, err := c.ask(ctx, request{End: pid})
	return a.Gone, err
}

// Strain reports the state of a process, and of the agent.
func (c *Conn) Strain(ctx context.Context, pid int) (Strain, error) {
	a, err := c.ask(ctx, request{Strain: pid})
	if err == nil && a.Strain == nil {
		err = errors.New("the agent does not report the state")
	}
	if err != nil {
		return Strain{}, err
	}
	return *a.Strain, nil
}

// Pin lets a process run on some processors alone.
func (c *Conn) Pin(ctx context.Context, pid int, processors []int) error {
	_, err := c.ask(ctx, request{Pin: &pin{pid, processors}})
	return err
}
