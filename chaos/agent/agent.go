// Package agent is slotstorm's hand inside of a pod: a process that runs in the
// pod's network and among its processes, and does there what can only be done
// there.
//
//	Conn (the run) ── one request a line ──▶ Serve (in the pod) ─▶ rules, signals, dials
//	               ◀── one reply a line ───
//
// The connection is the standard input and output of a program that was started in
// the pod. Nothing that an agent does depends on that the run goes on: the kernel
// takes rules out of force when their time is over, a process that is stopped has
// another one beside it, armed before, that lets it go on, and an agent that takes
// processors or memory gives them back when its connection ends.
package agent

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/slotstorm/slotstorm/clusters/local"
)

// version is that of the lines: both sides must be of one.
const version = 2

// request asks for one thing.
type request struct {
	// Cut puts rules in force, Mend takes those of a name out of force, Cuts
	// lists the names that are in force.
	Cut  *cut   `json:"cut,omitempty"`
	Mend string `json:"mend,omitempty"`
	Cuts bool   `json:"cuts,omitempty"`
	// Dial tries connections.
	Dial *dials `json:"dial,omitempty"`
	// HalfOpens lists connections that somebody has asked for.
	HalfOpens bool `json:"halfOpens,omitempty"`
	// Stop stops a process, Continue lets it go on, Stopped asks for its state.
	Stop     *stop `json:"stop,omitempty"`
	Continue int   `json:"continue,omitempty"`
	Stopped  int   `json:"stopped,omitempty"`
	// Press begins to take processors or memory, Strain asks how things are with a
	// process, End ends another agent, and Pin says on which processors a process may
	// run.
	Press  *Pressure `json:"press,omitempty"`
	Strain int       `json:"strain,omitempty"`
	End    int       `json:"end,omitempty"`
	Pin    *pin      `json:"pin,omitempty"`
}

type pin struct {
	PID        int   `json:"pid"`
	Processors []int `json:"processors"`
}

type cut struct {
	Name  string        `json:"name"`
	Rules []local.Rule  `json:"rules"`
	Limit time.Duration `json:"limit"`
}

type dials struct {
	To    []netip.AddrPort `json:"to"`
	Limit time.Duration    `json:"limit"`
}

type stop struct {
	PID   int           `json:"pid"`
	Limit time.Duration `json:"limit"`
}

// reply answers one request; the first line has the version and the agent's own
// process alone.
type reply struct {
	Version   int              `json:"version,omitempty"`
	PID       int              `json:"pid,omitempty"`
	Error     string           `json:"error,omitempty"`
	Dropped   *uint64          `json:"dropped,omitempty"`
	Cuts      []string         `json:"cuts,omitempty"`
	Outcomes  []Outcome        `json:"outcomes,omitempty"`
	HalfOpens []local.HalfOpen `json:"halfOpens,omitempty"`
	Stopped   bool             `json:"stopped,omitempty"`
	Strain    *Strain          `json:"strain,omitempty"`
	Gone      bool             `json:"gone,omitempty"`
}

// Outcome is what became of a dial: "open", "refused", "silent" (no answer came
// in time), or what else went wrong.
type Outcome string

// The outcomes that are distinguished.
const (
	Open    Outcome = "open"
	Refused Outcome = "refused"
	Silent  Outcome = "silent"
)

// Try opens a connection and closes it. An address from that is not valid leaves
// it to the kernel.
func Try(ctx context.Context, from netip.Addr, to netip.AddrPort, limit time.Duration) Outcome {
	outcome, _ := Timed(ctx, from, to, limit)
	return outcome
}

// Timed is Try, with the time until the connection was open: a round trip of packets
// that the kernel of the other end answers.
func Timed(ctx context.Context, from netip.Addr, to netip.AddrPort, limit time.Duration) (Outcome, time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var d net.Dialer
	if from.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	start := time.Now()
	c, err := d.DialContext(ctx, "tcp", to.String())
	took := time.Since(start)
	var silence net.Error
	switch {
	case err == nil:
		_ = c.Close()
		return Open, took
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return Refused, took
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &silence) && silence.Timeout():
		return Silent, took
	}
	return Outcome(err.Error()), took
}

// atOnce bounds the connections that are tried at one time.
const atOnce = 128

// Each tries n dials, many at once, and gives what became of them, in order.
func Each(n int, try func(i int) Outcome) []Outcome {
	list := make([]Outcome, n)
	room := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i := range list {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			list[i] = try(i)
		})
	}
	wg.Wait()
	return list
}
