package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/gaps"
	"github.com/slotstorm/slotstorm/workload/ledger"
)

// Options of a generator.
type Options struct {
	Identity *Identity
	// Watch, if not nil, watches a cluster's topology until ctx ends. Generator 0
	// does so from the start of the load to its end and on until it is dismissed.
	Watch func(ctx context.Context, p workload.Plan, emit results.Emit)
	// Patience is how long the generator stays without a controller before and
	// after the load. While the load runs it needs none.
	Patience time.Duration
	Log      *slog.Logger
}

// errAbandoned marks a generator that had no controller for too long.
var errAbandoned = errors.New("no controller")

// Limits of a connection.
const (
	handshakeLimit = 10 * time.Second
	// serverSilence is how long a controller may send nothing; it pings every
	// pingInterval.
	serverSilence = 15 * time.Second
	pingInterval  = time.Second
)

// Serve is a generator: it takes one load from a controller that connects to l,
// drives it, and returns when the controller has dismissed it and has every
// record. It closes l. The error is why the load could not be driven, which the
// controller knows too, or errAbandoned if the controller does not come back; its
// records are lost then.
func Serve(ctx context.Context, l net.Listener, o Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &server{o: o, box: newOutbox(), clock: newClock(), plans: make(chan *plan, 1), starts: make(chan int64, 1), heard: time.Now()}
	s.stopped, s.stop = context.WithCancel(ctx)
	s.cutting, s.cut = context.WithCancel(ctx)
	s.ended, s.end = context.WithCancel(ctx)
	defer s.stop()
	defer s.cut()
	defer s.end()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	defer cancel(nil)
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				cancel(fmt.Errorf("listening: %w", err))
				return
			}
			wg.Go(func() { s.session(ctx, c) })
		}
	})
	wg.Go(func() { s.lookOut(ctx, cancel) })
	return s.work(ctx)
}

type server struct {
	o     Options
	box   *outbox
	clock clock

	plans  chan *plan
	starts chan int64
	// The orders so far, as contexts that end.
	stopped, cutting, ended context.Context
	stop, cut, end          context.CancelFunc

	mu      sync.Mutex
	current context.CancelFunc // of the session in force
	heard   time.Time
	loading bool
	pending record
}

// lookOut ends a generator whose controller does not come back.
func (s *server) lookOut(ctx context.Context, abandon context.CancelCauseFunc) {
	t := time.NewTicker(min(time.Second, s.o.Patience/4))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		s.mu.Lock()
		alone, loading := time.Since(s.heard), s.loading
		s.mu.Unlock()
		if !loading && alone > s.o.Patience {
			abandon(fmt.Errorf("%w for %v", errAbandoned, alone.Round(time.Second)))
			return
		}
	}
}

func (s *server) hear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = time.Now()
}

// session serves one connection.
func (s *server) session(ctx context.Context, nc net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	defer nc.Close()
	if err := s.converse(ctx, cancel, tls.Server(nc, s.o.Identity.config())); err != nil && ctx.Err() == nil {
		s.o.Log.Debug("connection ended", "from", nc.RemoteAddr(), "error", err)
	}
}

func (s *server) converse(ctx context.Context, cancel context.CancelFunc, c *tls.Conn) error {
	if err := c.SetDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return err
	}
	in := newLines(c)
	var first order
	if err := in.next(&first); err != nil {
		return err
	}
	if err := writeLine(c, reply{Version: protocolVersion, Instance: s.clock.base.UnixNano()}); err != nil {
		return err
	}
	if first.Version != protocolVersion {
		return errVersion(first.Version)
	}
	if err := c.SetDeadline(time.Time{}); err != nil {
		return err
	}
	// The other side holds the key: this connection replaces the one before it,
	// which may hang.
	s.mu.Lock()
	if s.current != nil {
		s.current()
	}
	s.current = cancel
	s.mu.Unlock()

	pongs := make(chan pong, 16)
	written := make(chan error, 1)
	go func() { written <- s.write(ctx, c, first.After, pongs) }()
	err := s.read(ctx, c, in, first, pongs)
	cancel()
	return errors.Join(err, <-written)
}

// read obeys.
func (s *server) read(ctx context.Context, c *tls.Conn, in lines, o order, pongs chan<- pong) error {
	for {
		s.hear()
		s.box.ack(o.After)
		if o.Ping != 0 {
			select {
			case pongs <- pong{Ping: o.Ping, Got: s.clock.now()}:
			default: // pings come faster than pongs are read
			}
		}
		s.obey(o)
		if err := c.SetReadDeadline(time.Now().Add(serverSilence)); err != nil {
			return err
		}
		o = order{}
		if err := in.next(&o); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// obey carries an order out. A repeated order changes nothing.
func (s *server) obey(o order) {
	if o.Plan != nil {
		select {
		case s.plans <- o.Plan:
		default:
		}
	}
	if o.Start != 0 {
		select {
		case s.starts <- o.Start:
		default:
		}
	}
	if o.Stop {
		s.stop()
	}
	if o.Cut {
		s.cut()
	}
	if o.End {
		s.end()
	}
}

// write sends pongs, and the records behind number n as they come.
func (s *server) write(ctx context.Context, c *tls.Conn, n int64, pongs <-chan pong) error {
	for {
		records, news := s.box.after(n)
		for _, b := range records {
			if _, err := c.Write(b); err != nil {
				_ = c.Close() // ends the reader too
				return err
			}
			n++
		}
		if len(records) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-news:
		case p := <-pongs:
			p.Sent = s.clock.now()
			if err := writeLine(c, reply{Pong: &p}); err != nil {
				_ = c.Close()
				return err
			}
		}
	}
}

// work is the one load of a generator, from its plan to its last record.
func (s *server) work(ctx context.Context) error {
	var p *plan
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.ended.Done():
		return nil
	case p = <-s.plans:
	}
	err := s.load(ctx, p)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	last := record{Last: true}
	if err != nil {
		last.Error = err.Error()
	}
	if lerr := s.box.add(last); lerr != nil {
		return lerr
	}
	return errors.Join(err, s.box.drained(ctx))
}

func (s *server) load(ctx context.Context, p *plan) error {
	target, err := p.Target.target(ctx)
	if err != nil {
		return err
	}
	clock := results.Clock{Start: s.clock.time(p.Zero)}
	wp := workload.Plan{
		Workload: p.Workload, Seed: p.Seed, Target: target, Clock: clock, Length: p.Length, Requests: p.Requests, Drain: p.Drain, Times: p.Times,
		Only: []int{p.Index}, Sink: s.frame, Views: s.view,
	}
	if p.Audit != nil {
		wp.Audit = ledger.NewAuditor(ledger.Audit{Target: target, Spec: p.Audit.Spec, Run: p.Audit.Run, Clock: clock, Share: &ledger.Share{Index: p.Index, Of: p.Audit.Of}, Ledger: s.wrote, Reads: s.looked})
	}
	load, err := workload.Prepare(ctx, wp)
	if err != nil {
		return err
	}
	defer func() { _, _ = load.Close(ctx) }()
	client := load.Client()
	if err := s.box.add(record{Ready: &client}); err != nil {
		return err
	}
	var at time.Time
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.ended.Done():
		return nil
	case ns := <-s.starts:
		at = s.clock.time(ns)
	}
	if late := time.Since(at); late > 0 {
		return fmt.Errorf("the order to start came %v too late", late.Round(time.Millisecond))
	}
	return s.drive(ctx, load, wp, at)
}

// drive carries the load out, and watches until the generator is dismissed.
func (s *server) drive(ctx context.Context, load *workload.Load, p workload.Plan, at time.Time) error {
	var beside sync.WaitGroup
	watching, endWatch := context.WithCancel(ctx)
	defer beside.Wait()
	defer endWatch()
	if s.o.Watch != nil && p.Only[0] == 0 {
		beside.Go(func() { s.o.Watch(watching, p, s.event) })
	}
	beside.Go(func() { s.tick(watching) })
	s.setLoading(true)
	load.Go(s.cutting, s.stopped, at)
	err := load.Wait()
	s.setLoading(false)
	if err == nil {
		err = s.flush()
	}
	done := record{Done: true}
	if err != nil {
		done.Error = err.Error()
	}
	if derr := s.box.add(done); derr != nil {
		return derr
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.ended.Done():
	}
	endWatch()
	beside.Wait()
	return errors.Join(err, s.flush())
}

func (s *server) setLoading(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Patience counts from the end of the load at the earliest.
	s.loading, s.heard = on, time.Now()
}

// tick flushes events and audited requests every second.
func (s *server) tick(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := s.flush(); err != nil {
			s.o.Log.Error("keeping what was seen", "error", err)
		}
	}
}

func (s *server) event(e results.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending.Events = append(s.pending.Events, e)
}

func (s *server) wrote(w results.Write) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending.Writes = append(s.pending.Writes, w)
	return nil
}

func (s *server) looked(r results.AuditRead) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending.Reads = append(s.pending.Reads, r)
	return nil
}

func (s *server) view(v gaps.View) {
	if err := s.box.add(record{View: &v}); err != nil {
		s.o.Log.Error("keeping what was seen", "error", err)
	}
}

func (s *server) frame(f results.Frame, _ time.Time, histograms map[string]*hdrhistogram.Histogram) error {
	h, err := encode(histograms)
	if err != nil {
		return err
	}
	return s.box.add(record{Frame: &f, Histograms: h})
}

// flush keeps events and audited requests that have come since the last time.
func (s *server) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.pending
	s.pending = record{}
	if len(r.Events) == 0 && len(r.Writes) == 0 && len(r.Reads) == 0 {
		return nil
	}
	return s.box.add(r)
}
