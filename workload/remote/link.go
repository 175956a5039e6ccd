package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// Limits of the controller's side.
const (
	// clientSilence is how long a generator may send nothing, pongs included.
	clientSilence = 5 * time.Second
	dialLimit     = 5 * time.Second
	// A new attempt comes after retryFirst, then after twice as long each time,
	// up to retryMost.
	retryFirst = 50 * time.Millisecond
	retryMost  = time.Second
)

// link is the controller's side of the way to one generator: as long as run runs
// it connects again whenever a connection ends.
type link struct {
	dial     func(ctx context.Context) (net.Conn, error)
	identity *Identity
	clock    clock
	// take takes each record once, in order; its error ends the link.
	take func(record) error
	// broken takes the bounds of a stretch without a line from the generator, and its
	// cause.
	broken func(from, to time.Time, why error)
	pongs  chan sample

	// sending is held while a line is written.
	sending sync.Mutex
	mu      sync.Mutex
	want    order // everything ordered so far
	conn    net.Conn
	after   int64
	// instance is the generator's, 0 before the first connection.
	instance int64
	heard    time.Time
	lost     error // why there is no connection, if there was one
	connects int
}

// sample is a pong with the controller's clock at its arrival.
type sample struct {
	pong
	back int64
}

// final marks an error that a new connection would not change.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// run keeps the link up until the generator's last record was taken, ctx ends,
// or the generator refuses.
func (k *link) run(ctx context.Context) error {
	wait := retryFirst
	for {
		connects := k.connects
		err := k.session(ctx)
		var f final
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			// err may be the reason why ctx ended.
			return errors.Join(context.Cause(ctx), err)
		case errors.As(err, &f), errors.Is(err, errRefused), errors.Is(err, ErrGone):
			return err
		}
		k.mu.Lock()
		if k.connects > 0 && k.lost == nil {
			k.lost = err
		}
		k.mu.Unlock()
		if k.connects > connects {
			wait = retryFirst
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, retryMost)
	}
}

// open connects to a generator, which proves to be one of the run.
func open(ctx context.Context, dial func(context.Context) (net.Conn, error), identity *Identity) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	nc, err := dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	c := tls.Client(nc, identity.config())
	if err := c.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, fmt.Errorf("greeting: %w", err)
	}
	return c, nil
}

// session is one connection. It is nil when the last record was taken.
func (k *link) session(ctx context.Context) error {
	c, err := open(ctx, k.dial, k.identity)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer c.NetConn().Close()
	defer context.AfterFunc(ctx, func() { c.NetConn().Close() })()
	if err := k.greet(c); err != nil {
		return err
	}
	defer k.ungreet()
	in := newLines(c)
	pinging := false
	for {
		if err := c.SetReadDeadline(time.Now().Add(clientSilence)); err != nil {
			return err
		}
		var r reply
		if err := in.next(&r); err != nil {
			return err
		}
		back := k.clock.now()
		if r.Version != 0 {
			if r.Version != protocolVersion {
				return errVersion(r.Version)
			}
			if err := k.connected(r.Instance); err != nil {
				return err
			}
			if !pinging {
				pinging = true
				go k.pingEvery(ctx)
			}
		}
		k.mu.Lock()
		k.heard = time.Now()
		k.mu.Unlock()
		if r.Pong != nil {
			select {
			case k.pongs <- sample{*r.Pong, back}:
			default: // no measurement is under way
			}
		}
		if r.Record != nil {
			last, err := k.record(r.Record)
			if last || err != nil {
				return err
			}
		}
	}
}

// greet sends everything that was ordered so far, and lets later orders follow.
func (k *link) greet(c net.Conn) error {
	k.sending.Lock()
	defer k.sending.Unlock()
	k.mu.Lock()
	first := k.want
	first.Version, first.After = protocolVersion, k.after
	k.conn = c
	k.mu.Unlock()
	return k.write(c, first)
}

func (k *link) ungreet() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conn = nil
}

func (k *link) write(c net.Conn, o order) error {
	if err := c.SetWriteDeadline(time.Now().Add(clientSilence)); err != nil {
		return err
	}
	if err := writeLine(c, o); err != nil {
		c.Close() // the session sees it, and connects again
		return err
	}
	return nil
}

// connected notes that a generator has answered, and that it is the same one.
func (k *link) connected(instance int64) error {
	k.mu.Lock()
	was, heard, lost := k.instance, k.heard, k.lost
	k.instance, k.lost = instance, nil
	k.connects++
	k.mu.Unlock()
	if was != 0 && was != instance {
		return final{errors.New("the generator was started anew: what it had recorded is lost")}
	}
	if lost != nil {
		k.broken(heard, time.Now(), lost)
	}
	return nil
}

// record takes a record, once, and acknowledges it.
func (k *link) record(r *record) (last bool, err error) {
	k.mu.Lock()
	after := k.after
	k.mu.Unlock()
	switch {
	case r.N <= after:
		return false, nil
	case r.N > after+1:
		return false, final{fmt.Errorf("record %d came after record %d", r.N, after)}
	}
	if err := k.take(*r); err != nil {
		return false, final{err}
	}
	k.mu.Lock()
	k.after = r.N
	k.mu.Unlock()
	k.send(order{After: r.N})
	return r.Last, nil
}

// ask orders something. Without a connection, the next one carries the order.
func (k *link) ask(o order) {
	k.mu.Lock()
	if o.Plan != nil {
		k.want.Plan = o.Plan
	}
	if o.Start != 0 {
		k.want.Start = o.Start
	}
	k.want.Stop, k.want.Cut, k.want.End = k.want.Stop || o.Stop, k.want.Cut || o.Cut, k.want.End || o.End
	k.mu.Unlock()
	k.send(o)
}

// send writes a line if there is a connection; the session sees to an error.
func (k *link) send(o order) bool {
	k.mu.Lock()
	c := k.conn
	k.mu.Unlock()
	if c == nil {
		return false
	}
	k.sending.Lock()
	defer k.sending.Unlock()
	return k.write(c, o) == nil
}

func (k *link) pingEvery(ctx context.Context) {
	t := time.NewTicker(pingInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			k.send(order{Ping: k.clock.now()})
		}
	}
}

// exchanges is how many round trips one measurement of a clock takes.
const exchanges = 8

// measure gives the generator's clock less this one's, in nanoseconds: that of
// the round trip with the least delay, because what delays one direction alone
// shifts the offset by half of it.
func (k *link) measure(ctx context.Context) (results.ClockOffset, error) {
	var best results.ClockOffset // of n exchanges
	for n := 0; n < exchanges; {
		ping := k.clock.now()
		patience := time.Second
		if !k.send(order{Ping: ping}) {
			patience = 20 * time.Millisecond // until there is a connection
		}
		s, ok := k.await(ctx, ping, patience)
		if ctx.Err() != nil {
			if n > 0 {
				return best, nil
			}
			k.mu.Lock()
			defer k.mu.Unlock()
			return best, fmt.Errorf("measuring the generator's clock: %w", errors.Join(context.Cause(ctx), k.lost))
		}
		if !ok {
			continue
		}
		delay := time.Duration((s.back - s.Ping) - (s.Sent - s.Got))
		if half := results.DurationOf(delay / 2); n == 0 || half < best.Uncertainty {
			best = results.ClockOffset{
				At:     results.Duration(s.back - k.clock.base.UnixNano()),
				Offset: results.Duration(((s.Got - s.Ping) + (s.Sent - s.back)) / 2), Uncertainty: half,
			}
		}
		n++
	}
	return best, nil
}

// await waits for the answer to a ping.
func (k *link) await(ctx context.Context, ping int64, patience time.Duration) (sample, bool) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return sample{}, false
		case <-timer.C:
			return sample{}, false
		case s := <-k.pongs:
			if s.Ping == ping {
				return s, true
			}
		}
	}
}
