// Package workload drives the load and watches it from the client's side. It puts
// these together, each in a package of its own:
//
//	client  the generators: schedule ─▶ stream ─▶ client ─▶ one Frame a second
//	probe   writes to every node of every shard, to see from outside any client
//	        library who accepts writes
//	ledger  unique values, written and read back
//	self    the resources of this process, and its delays
//	gaps    the outages that generators and probes have seen
//
// Every request has an intended start that no reply can move; the response
// times of requests that were due during a stall contain it.
package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/client"
	"github.com/slotstorm/slotstorm/workload/frame"
	"github.com/slotstorm/slotstorm/workload/gaps"
	"github.com/slotstorm/slotstorm/workload/ledger"
	"github.com/slotstorm/slotstorm/workload/probe"
	"github.com/slotstorm/slotstorm/workload/self"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// Plan is a load to drive.
type Plan struct {
	Workload scenarios.Workload
	Seed     uint64
	Target   servers.Target
	Clock    results.Clock
	// Length is the time in which requests are due: warm-up and timeline.
	Length time.Duration
	// Requests, if above 0, ends a closed loop after so many.
	Requests int64
	Sink     frame.Sink
	// Times are the offsets of a replay from the timeline's start, in order.
	Times []time.Duration
	// Drain is how long requests under way may take after the last was due.
	Drain time.Duration
	// Audit, if not nil, writes meanwhile.
	Audit *ledger.Auditor
	// Remote, if not nil, makes the driver of a generator that runs elsewhere.
	// Generator 0 has the probes, and each one its share of the audited writes.
	Remote func(p Plan, index int) (client.Driver, error)
	// Only, if not nil, are those of the workload's generators that run here.
	Only []int
	// Emit, if not nil, takes the events of remote generators.
	Emit results.Emit
	// Views, if not nil, takes the gaps of the shards right before each frame;
	// otherwise they are kept for Outages.
	Views func(gaps.View)
}

// Load is a load under way.
type Load struct {
	// Start is the intended start of the schedule: second 0 of all frames.
	Start time.Time

	plan       Plan
	generators []client.Driver
	seen       *gaps.Watch
	probes     *probe.Probes
	self       *self.Self
	wg         sync.WaitGroup
	client     results.Client
	lead       time.Duration

	mu      sync.Mutex
	errs    []error
	outages struct{ client, probe *gaps.Outages }
}

// remoteLead is how long before its start remote generators learn of it.
const remoteLead = 2 * time.Second

// Drive prepares a load and starts it; stop ends it early, and Wait awaits its
// end. ctx ends it at once.
func Drive(ctx, stop context.Context, p Plan) (*Load, error) {
	l, err := Prepare(ctx, p)
	if err != nil {
		return nil, err
	}
	lead := l.lead
	if p.Remote != nil {
		lead = remoteLead
	}
	l.Go(ctx, stop, p.Clock.Moment().Add(lead))
	return l, nil
}

// Prepare makes the generators. They connect and read the topology before the
// schedule begins, so that this is no part of the load.
func Prepare(ctx context.Context, p Plan) (*Load, error) {
	kind, err := client.Named(p.Workload.Client.Type)
	if err != nil {
		return nil, err
	}
	if p.Remote == nil {
		client.SuitRuntime(kind, &p.Workload.Client)
	}
	l := &Load{plan: p, lead: kind.Lead}
	if p.Workload.Probe.Interval > 0 {
		l.seen = gaps.NewWatch(len(p.Target.Shards), gaps.ClientRule.Failing)
	}
	sources := 1
	if p.Remote != nil {
		sources = p.Workload.Generators
	}
	l.outages.client = gaps.NewOutages(gaps.ClientRule, sources, len(p.Target.Shards))
	l.outages.probe = gaps.NewOutages(probe.Rule(p.Workload.Probe.Interval.Std()), 1, len(p.Target.Shards))
	for i := range p.Workload.Generators {
		if p.Only != nil && !slices.Contains(p.Only, i) {
			continue
		}
		g, err := l.driver(kind, i)
		if err != nil {
			l.abandon(ctx)
			return nil, fmt.Errorf("generator %d: %w", i, err)
		}
		l.generators = append(l.generators, g)
	}
	warmed := make([]error, len(l.generators))
	var wg sync.WaitGroup
	for i, g := range l.generators {
		wg.Go(func() {
			if err := g.Warm(ctx); err != nil {
				warmed[i] = fmt.Errorf("generator %d: %w", i, err)
			}
		})
	}
	wg.Wait()
	err = errors.Join(warmed...)
	if err == nil {
		l.client, err = l.generators[0].Describe(ctx)
	}
	if err != nil {
		l.abandon(ctx)
		return nil, err
	}
	return l, nil
}

// abandon closes a load that was never started. The caller has the cause already.
func (l *Load) abandon(ctx context.Context) { _, _ = l.Close(ctx) }

// Go starts a prepared load at a moment that has not passed.
func (l *Load) Go(ctx, stop context.Context, start time.Time) {
	l.Start = start
	p := &l.plan
	first := p.Remote == nil && (p.Only == nil || slices.Contains(p.Only, 0))
	watching, endWatch := context.WithCancel(ctx)
	var watchers sync.WaitGroup
	if first && p.Workload.Probe.Interval > 0 {
		l.probes = probe.New(p.Target, p.Workload.Probe, p.Clock, start)
		watchers.Go(func() { l.probes.Run(watching) })
	}
	if p.Remote == nil {
		l.self = self.New()
		watchers.Go(func() { l.self.Run(watching, start) })
	}
	out := client.Output{Frame: l.frame, View: l.viewed, Event: p.Emit}
	if out.Event == nil {
		out.Event = func(results.Event) {}
	}
	var loads sync.WaitGroup
	for _, g := range l.generators {
		loads.Go(func() { l.failed(g.Run(ctx, stop, start, out)) })
	}
	if p.Audit != nil && p.Remote == nil && (first || p.Audit.Share != nil) {
		loads.Go(func() { l.failed(p.Audit.Write(ctx, stop, start, p.Length)) })
	}
	l.wg.Go(func() {
		loads.Wait()
		endWatch()
		watchers.Wait()
		l.look(func(w *gaps.Watch) gaps.Gaps { return w.End(p.Clock.Now()) })
	})
}

func (l *Load) failed(err error) {
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.errs = append(l.errs, err)
	}
}

// frame gives a frame on, with what the probes counted in its second; that of the
// first generator here, with how this process fared.
func (l *Load) frame(f results.Frame, wall time.Time, h map[string]*hdrhistogram.Histogram) error {
	if f.Generator == 0 && l.probes != nil {
		f.Probes = l.probes.Take(f.Seq)
	}
	if l.self != nil && f.Generator == l.firstHere() {
		f.Self = l.self.Take(f.Seq, h)
	}
	l.look((*gaps.Watch).Take)
	return l.plan.Sink(f, wall, h)
}

// firstHere is the lowest number of a generator of this process.
func (l *Load) firstHere() int {
	if l.plan.Only != nil {
		return slices.Min(l.plan.Only)
	}
	return 0
}

// look takes the gaps that this process has seen.
func (l *Load) look(take func(*gaps.Watch) gaps.Gaps) {
	if l.plan.Remote != nil || l.seen == nil {
		return
	}
	seen := take(l.seen)
	v := gaps.View{Client: &seen}
	if l.probes != nil {
		written := take(l.probes.Watch)
		v.Probe = &written
	}
	if l.plan.Views != nil {
		l.plan.Views(v)
		return
	}
	l.viewed(0, v)
}

// viewed judges the gaps that a generator has seen.
func (l *Load) viewed(generator int, v gaps.View) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v.Client != nil {
		l.outages.client.Add(generator, *v.Client)
	}
	if v.Probe != nil {
		l.outages.probe.Add(0, *v.Probe)
	}
}

// driver makes the driver of a generator.
func (l *Load) driver(kind client.Kind, index int) (client.Driver, error) {
	p := l.plan
	p.Target = p.Target.From(index)
	if p.Remote != nil {
		return p.Remote(p, index)
	}
	return kind.New(client.Plan{
		Index: index, Workload: p.Workload, Seed: p.Seed, Target: p.Target, Clock: p.Clock, Length: p.Length,
		Requests: p.Requests, Times: p.Times, Drain: p.Drain, Seen: l.seen,
	})
}

// Wait awaits the end of the load.
func (l *Load) Wait() error {
	l.wg.Wait()
	return errors.Join(l.errs...)
}

// Close ends the generators, after Wait or in its place, and describes those that ran
// elsewhere.
func (l *Load) Close(ctx context.Context) ([]results.Generator, error) {
	abouts, errs := make([]*results.Generator, len(l.generators)), make([]error, len(l.generators))
	var wg sync.WaitGroup
	for i, g := range l.generators {
		wg.Go(func() { abouts[i], errs[i] = g.Close(ctx) })
	}
	wg.Wait()
	var list []results.Generator
	for _, about := range abouts {
		if about != nil {
			list = append(list, *about)
		}
	}
	return list, errors.Join(errs...)
}

// Client describes the client under load: its version and effective options.
func (l *Load) Client() results.Client { return l.client }

// Outages are the stretches without a good write, as the probes and as the
// application client saw them. Valid after Wait.
func (l *Load) Outages() (probe, client []results.Outage) {
	return l.outages.probe.Ordered(), l.outages.client.Ordered()
}

// Progress sums up the generators so far.
func (l *Load) Progress() frame.Progress {
	var sum frame.Progress
	for _, g := range l.generators {
		p := g.Progress()
		sum.Requests += p.Requests
		sum.Errors += p.Errors
		sum.InFlight += p.InFlight
		sum.Rate += p.Rate
		sum.P99 = max(sum.P99, p.P99)
		sum.Last = max(sum.Last, p.Last)
	}
	return sum
}
