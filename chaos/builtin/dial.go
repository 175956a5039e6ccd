package builtin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	place "github.com/slotstorm/slotstorm/clusters/local"
)

// dial is a connection to try, from an address of the one side to a node of the
// other: what the node or client there would do itself.
type dial struct {
	from, to host
	port     uint16
}

func (d dial) String() string {
	return fmt.Sprintf("%s to %s port %d", d.from.name, d.to.name, d.port)
}

// between are the dials from each of one set to each node of the other.
func between(from, to []host, ports []uint16) []dial {
	var list []dial
	for _, f := range from {
		for _, t := range to {
			if t.client {
				continue
			}
			for _, p := range ports {
				list = append(list, dial{f, t, p})
			}
		}
	}
	return list
}

// Time limits of a dial. On loopback the kernel answers within the call, even for
// a process that is stopped.
const (
	dialLimit   = 300 * time.Millisecond
	dialsAtOnce = 128
)

func (d dial) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	c, err := place.DialFrom(d.from.addr)(ctx, netip.AddrPortFrom(d.to.addr, d.port).String())
	if err != nil {
		return err
	}
	return c.Close()
}

// each tries all dials at once, and gives the first error that judge has.
func each(ctx context.Context, dials []dial, judge func(d dial, err error) error) error {
	room := make(chan struct{}, dialsAtOnce)
	verdicts := make([]error, len(dials))
	var wg sync.WaitGroup
	for i, d := range dials {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			verdicts[i] = judge(d, d.try(ctx))
		})
	}
	wg.Wait()
	for _, err := range verdicts {
		if err != nil {
			return err
		}
	}
	return nil
}

// open wants every dial to succeed.
func open(ctx context.Context, dials []dial) error {
	return each(ctx, dials, func(d dial, err error) error {
		if err != nil {
			return fmt.Errorf("%s is not open: %w", d, err)
		}
		return nil
	})
}

// closed wants no dial to come through: without an answer, or, where the rules
// reject, refused. A refusal else comes from the other side: a packet got there.
func closed(ctx context.Context, dials []dial, rejected bool) error {
	return each(ctx, dials, func(d dial, err error) error {
		var silence net.Error
		refused := errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET)
		switch {
		case err == nil:
			return fmt.Errorf("%s is open", d)
		case rejected && refused, !rejected && (errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &silence) && silence.Timeout()):
			return nil
		}
		return fmt.Errorf("%s got an answer: %w", d, err)
	})
}
