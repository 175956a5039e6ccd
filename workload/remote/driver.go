package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/client"
	"github.com/slotstorm/slotstorm/workload/frame"
)

// Fleet are the generators of one run.
type Fleet struct {
	Identity *Identity
	// Dial reaches a generator. An error that is ErrGone says that it will never
	// be reached again.
	Dial func(ctx context.Context, index int) (net.Conn, error)
	// Place names where a generator runs.
	Place func(index int) string
}

// Limits of the stages.
const (
	warmLimit  = 30 * time.Second
	graceLimit = 2 * time.Minute
	closeLimit = 60 * time.Second
)

// Driver makes the driver of a generator; it is a workload.Plan's Remote.
func (f *Fleet) Driver(p workload.Plan, index int) (client.Driver, error) {
	d := &driver{fleet: f, plan: p, index: index, ready: make(chan results.Client, 1), done: make(chan struct{}), ended: make(chan struct{})}
	d.link = &link{
		dial:     func(ctx context.Context) (net.Conn, error) { return f.Dial(ctx, index) },
		identity: f.Identity, clock: clock{p.Clock.Start}, take: d.take, broken: d.broken, pongs: make(chan sample, 4*exchanges),
	}
	return d, nil
}

type driver struct {
	fleet  *Fleet
	plan   workload.Plan
	index  int
	link   *link
	hangUp context.CancelCauseFunc
	client results.Client
	clocks []results.ClockOffset

	ready chan results.Client
	// done is closed when the load has ended, ended when the link has.
	done, ended chan struct{}

	mu      sync.Mutex
	out     client.Output
	start   time.Time
	loadErr error
	linkErr error // valid once ended is closed
	total   frame.Progress
}

// Warm implements client.Driver.
func (d *driver) Warm(ctx context.Context) error {
	// The link outlives ctx, so that Close can fetch the last records.
	up, hangUp := context.WithCancelCause(context.WithoutCancel(ctx))
	d.hangUp = hangUp
	go func() {
		err := d.link.run(up)
		d.mu.Lock()
		d.linkErr = err
		d.mu.Unlock()
		close(d.ended)
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, warmLimit, fmt.Errorf("not ready after %v", warmLimit))
	defer cancel()
	go func() {
		select {
		case <-d.ended:
			cancel() // no reply will come
		case <-ctx.Done():
		}
	}()
	offset, err := d.link.measure(ctx)
	if err != nil {
		return d.because(err)
	}
	d.clocks = append(d.clocks, offset)
	p := &plan{
		Zero: d.theirs(0), Workload: d.plan.Workload, Seed: d.plan.Seed, Index: d.index, Length: d.plan.Length, Requests: d.plan.Requests,
		Drain: d.plan.Drain, Times: d.plan.Times, Target: targetOf(d.plan.Target),
	}
	if a := d.plan.Audit; a != nil {
		p.Audit = &auditing{Spec: a.Spec, Run: a.Run, Of: d.plan.Workload.Generators}
	}
	d.link.ask(order{Plan: p})
	select {
	case d.client = <-d.ready:
		return nil
	case <-d.ended:
		return d.because(errors.New("it ended"))
	case <-ctx.Done():
		return d.because(context.Cause(ctx))
	}
}

// theirs is an offset of the run in the generator's clock.
func (d *driver) theirs(offset results.Duration) int64 {
	return d.link.clock.base.UnixNano() + int64(offset) + int64(d.clocks[0].Offset)
}

// because is the error of the generator or of the link, or else err.
func (d *driver) because(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.loadErr != nil:
		return d.loadErr
	case d.linkErr != nil:
		return d.linkErr
	}
	return err
}

// Describe implements client.Driver.
func (d *driver) Describe(context.Context) (results.Client, error) { return d.client, nil }

// Run implements client.Driver. It returns when the load has ended, or long
// after it should have.
func (d *driver) Run(ctx, stop context.Context, start time.Time, out client.Output) error {
	d.mu.Lock()
	d.out, d.start = out, start
	d.mu.Unlock()
	d.link.ask(order{Start: d.theirs(d.plan.Clock.At(start))})
	defer context.AfterFunc(stop, func() { d.link.ask(order{Stop: true}) })()
	limit := time.NewTimer(time.Until(start.Add(d.plan.Length + d.plan.Drain + graceLimit)))
	defer limit.Stop()
	var err error
	select {
	case <-d.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-d.ended:
		err = fmt.Errorf("%w: %w", ErrLost, d.because(errors.New("the generator ended before its load")))
	case <-limit.C:
		d.link.mu.Lock()
		err = fmt.Errorf("%w: nothing was heard for %v: %w", ErrLost, time.Since(d.link.heard).Round(time.Second), orNever(d.link.lost))
		d.link.mu.Unlock()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err = errors.Join(err, d.loadErr); err != nil {
		return fmt.Errorf("generator %d: %w", d.index, err)
	}
	return nil
}

func orNever(err error) error {
	if err == nil {
		return errors.New("the load did not end")
	}
	return err
}

// take takes a record.
func (d *driver) take(r record) error {
	d.mu.Lock()
	out, start := d.out, d.start
	if r.Error != "" && d.loadErr == nil {
		d.loadErr = errors.New(r.Error)
	}
	d.mu.Unlock()
	if r.Ready != nil {
		d.ready <- *r.Ready
	}
	if r.View != nil {
		out.View(d.index, *r.View)
	}
	if r.Frame != nil {
		h, err := decode(r.Histograms)
		if err != nil {
			return err
		}
		d.progressed(r, h)
		if err := out.Frame(*r.Frame, start.Add(time.Duration(r.Frame.Seq)*time.Second), h); err != nil {
			return err
		}
	}
	for _, e := range r.Events {
		out.Event(e)
	}
	if len(r.Writes)+len(r.Reads) > 0 {
		if err := d.plan.Audit.Adopt(r.Writes, r.Reads); err != nil {
			return err
		}
	}
	if r.Done {
		close(d.done)
	}
	return nil
}

// broken reports a stretch without a line from the generator.
func (d *driver) broken(from, to time.Time, why error) {
	if d.plan.Emit == nil {
		return
	}
	d.plan.Emit(results.Event{
		Offset: d.plan.Clock.At(from), Kind: results.EventOutOfReach, Source: "runner",
		Message: fmt.Sprintf("generator %d was out of reach for %.1f s (%v): it drove on by itself, and its records came afterwards", d.index, to.Sub(from).Seconds(), why),
	})
}

func (d *driver) progressed(r record, h map[string]*hdrhistogram.Histogram) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total.Rate, d.total.P99 = float64(r.Frame.Completed), 0
	for name, c := range r.Frame.Commands {
		d.total.Requests += int64(c.Total())
		d.total.Errors += int64(c.Total() - c.OK)
		if h := h[results.Tag(results.Response, name)]; h != nil {
			d.total.P99 = max(d.total.P99, time.Duration(h.ValueAtQuantile(99))*time.Microsecond)
		}
	}
	d.total.Last = max(d.total.Last, time.Duration(r.Frame.Seq+1)*time.Second)
}

// Progress implements client.Driver.
func (d *driver) Progress() frame.Progress {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.total
}

// Close implements client.Driver: it measures the clock once more, dismisses
// the generator and takes its last records.
func (d *driver) Close(ctx context.Context) (*results.Generator, error) {
	if d.hangUp == nil {
		return nil, nil
	}
	defer d.hangUp(errors.New("closed"))
	about := &results.Generator{Index: d.index, Place: d.fleet.Place(d.index)}
	if ctx.Err() != nil {
		// Interrupted: the load is to end now, wherever the order arrives.
		d.link.ask(order{Cut: true, End: true})
		return about, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, closeLimit, fmt.Errorf("not within %v", closeLimit))
	defer cancel()
	d.mu.Lock()
	began := !d.start.IsZero()
	d.mu.Unlock()
	if began && !d.hasEnded() {
		if offset, err := d.link.measure(ctx); err == nil {
			d.clocks = append(d.clocks, offset)
		}
	}
	about.Clocks = d.clocks
	d.link.ask(order{Stop: true, Cut: !began, End: true})
	select {
	case <-d.ended:
		d.mu.Lock()
		err := d.linkErr
		d.mu.Unlock()
		if err == nil || !began {
			return about, nil
		}
		about.Missing = true
		return about, fmt.Errorf("generator %d: %w: %w", d.index, ErrLost, err)
	case <-ctx.Done():
		about.Missing = true
		return about, fmt.Errorf("generator %d: %w: the last ones did not come: %w", d.index, ErrLost, context.Cause(ctx))
	}
}

func (d *driver) hasEnded() bool {
	select {
	case <-d.ended:
		return true
	default:
		return false
	}
}
