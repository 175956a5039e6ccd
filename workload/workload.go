// Package workload drives the load and watches it from the client's side. One
// generator is this pipeline:
//
//	schedule ─▶ stream ─▶ client ─▶ recorder ─▶ one Frame a second
//	when        what      send      outcome, times
//
// Beside the generators run the probes, which write to every node of every shard
// to see from outside any client library who accepts writes, and the auditor,
// which writes unique values and reads them back at the end.
//
// Every request has an intended start that no reply can move; what a stall does
// to the requests that were due meanwhile is in their response times.
package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
)

// Target is the cluster under load, as clients need to know it.
type Target struct {
	// Addrs are addresses to start from.
	Addrs []string
	// Nodes lists, by shard, the members' names and addresses.
	Shards [][]Member
	// ShardOf tells which shard serves a slot.
	ShardOf func(slot int) int
	// NameOf, if not nil, names the member that announces an address to the
	// cluster, where that differs from Member.Addr.
	NameOf func(addr string) (string, bool)
	// Dialer opens every connection.
	Dialer dial.Dialer
	// Seats open the connections of the generators, by number, and those of each
	// one's audited writes: each from a place of its own in the network, so that a
	// partition can have clients on either side. Without, Dialer does.
	Seats []dial.Dialer
	// Cluster is false for a single server that is no Redis Cluster.
	Cluster bool
}

// from is the target as seen from a generator's seat.
func (t Target) from(generator int) Target {
	if generator < len(t.Seats) {
		t.Dialer = t.Seats[generator]
	}
	return t
}

// Member is one node of a shard. Addr is for Target.Dialer, ID its cluster id.
type Member struct{ Name, Addr, ID string }

// member finds whom an address belongs to: one of Member, or one that a node
// announces to the cluster. Nobody's is a member of its own.
func (t *Target) member(addr string) Member {
	name, ok := "", false
	if t.NameOf != nil {
		name, ok = t.NameOf(addr)
	}
	for _, members := range t.Shards {
		for _, m := range members {
			if m.Addr == addr || ok && m.Name == name {
				return m
			}
		}
	}
	return Member{Name: addr, Addr: addr}
}

// Sink takes what generators produce. wall is the start of the frame's second.
type Sink func(f results.Frame, wall time.Time, histograms map[string]*hdrhistogram.Histogram) error

// Plan is a load to drive.
type Plan struct {
	Workload scenarios.Workload
	Seed     uint64
	Target   Target
	Clock    results.Clock
	// Length is how long requests are due for: warm-up and timeline.
	Length time.Duration
	// Requests, if above 0, ends a closed loop after so many.
	Requests int64
	Sink     Sink
	// Times are the offsets of a replay from the timeline's start, in order.
	Times []time.Duration
	// Drain is how long requests under way may take after the last was due.
	Drain time.Duration
	// Audit, if not nil, writes meanwhile.
	Audit *Auditor
	// Remote, if not nil, makes the driver of a generator that runs elsewhere.
	// Generator 0 has the probes, and each one its share of the audited writes.
	Remote func(p Plan, index int) (Driver, error)
	// Only, if not nil, are those of the workload's generators that run here.
	Only []int
	// Emit, if not nil, takes what remote generators tell beside their frames.
	Emit results.Emit
	// Views, if not nil, takes what was seen of the shards, right before each
	// frame; else it is kept for Outages.
	Views func(View)
}

// View is what a generator saw of the shards since its last View.
type View struct {
	// Client is what the client under load saw, Probe what the probes did; nil
	// where there are none.
	Client *Gaps `json:"client,omitempty"`
	Probe  *Gaps `json:"probe,omitempty"`
}

// Driver is one generator: it drives its share of the schedule through a client.
type Driver interface {
	// Warm connects, and Describe tells about the client; both before Run.
	Warm(ctx context.Context) error
	Describe(ctx context.Context) (results.Client, error)
	// Run drives the load that starts at start until it is at its end or stop
	// is. ctx ends it at once.
	Run(ctx, stop context.Context, start time.Time, out Output) error
	Progress() Progress
	// Close ends it and tells about a generator that was elsewhere.
	Close(ctx context.Context) (*results.Generator, error)
}

// Output takes what a driver produces. A driver that runs here has frames alone.
type Output struct {
	Frame Sink
	View  func(generator int, v View)
	Event results.Emit
}

// giveUp is when what is still to be sent no longer is, as an offset from the
// start: a generator that was starved would catch up for ever. What was due by
// then counts as overflow.
func (p *Plan) giveUp() time.Duration { return p.Length + p.Drain }

// Load is a load under way.
type Load struct {
	// Start is the intended start of the schedule: second 0 of all frames.
	Start time.Time

	plan       Plan
	generators []Driver
	seen       *watch
	probes     *probes
	self       *self
	wg         sync.WaitGroup
	client     results.Client

	mu      sync.Mutex
	errs    []error
	outages struct{ client, probe *outages }
}

// remoteLead is how long before its start remote generators are told of it.
const remoteLead = 2 * time.Second

// Drive prepares a load and starts it; stop ends it early, and Wait awaits its
// end. ctx ends it at once.
func Drive(ctx, stop context.Context, p Plan) (*Load, error) {
	l, err := Prepare(ctx, p)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	switch {
	case p.Remote != nil:
		start = start.Add(remoteLead)
	case p.Workload.Client.Type == "wire" && !p.Workload.Rate.Max:
		start = start.Add(wireLead)
	}
	l.Go(ctx, stop, start)
	return l, nil
}

// Prepare makes the generators. Connections and topology come before the
// schedule: what they take is not load.
func Prepare(ctx context.Context, p Plan) (*Load, error) {
	if p.Remote == nil {
		suitRuntime(&p.Workload.Client)
	}
	l := &Load{plan: p}
	if p.Workload.Probe.Interval > 0 {
		l.seen = newWatch(len(p.Target.Shards), clientRule.failing)
	}
	sources := 1
	if p.Remote != nil {
		sources = p.Workload.Generators
	}
	l.outages.client = newOutages(clientRule, sources, len(p.Target.Shards))
	l.outages.probe = newOutages(probeRule(p.Workload.Probe.Interval.Std()), 1, len(p.Target.Shards))
	for i := range p.Workload.Generators {
		if p.Only != nil && !slices.Contains(p.Only, i) {
			continue
		}
		g, err := newDriver(p, i, l.seen)
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
	err := errors.Join(warmed...)
	if err == nil {
		l.client, err = l.generators[0].Describe(ctx)
	}
	if err != nil {
		l.abandon(ctx)
		return nil, err
	}
	return l, nil
}

// abandon closes a load that did not come to its start; why is known already.
func (l *Load) abandon(ctx context.Context) { _, _ = l.Close(ctx) }

// Go starts a prepared load at a moment that has not passed.
func (l *Load) Go(ctx, stop context.Context, start time.Time) {
	l.Start = start
	p := &l.plan
	first := p.Remote == nil && (p.Only == nil || slices.Contains(p.Only, 0))
	watching, endWatch := context.WithCancel(ctx)
	var watchers sync.WaitGroup
	if first && p.Workload.Probe.Interval > 0 {
		l.probes = newProbes(p.Target, p.Workload.Probe, p.Clock, start)
		watchers.Go(func() { l.probes.run(watching) })
	}
	if p.Remote == nil {
		l.self = newSelf()
		watchers.Go(func() { l.self.run(watching, start) })
	}
	out := Output{Frame: l.frame, View: l.viewed, Event: p.Emit}
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
		l.look(func(w *watch) Gaps { return w.end(p.Clock.Now()) })
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
		f.Probes = l.probes.take(f.Seq)
	}
	if l.self != nil && f.Generator == l.firstHere() {
		f.Self = l.self.take(f.Seq, h)
	}
	l.look((*watch).take)
	return l.plan.Sink(f, wall, h)
}

// firstHere is the lowest number of a generator of this process.
func (l *Load) firstHere() int {
	if l.plan.Only != nil {
		return slices.Min(l.plan.Only)
	}
	return 0
}

// look takes what the watches of this process have seen.
func (l *Load) look(take func(*watch) Gaps) {
	if l.plan.Remote != nil || l.seen == nil {
		return
	}
	client := take(l.seen)
	v := View{Client: &client}
	if l.probes != nil {
		probe := take(l.probes.watch)
		v.Probe = &probe
	}
	if l.plan.Views != nil {
		l.plan.Views(v)
		return
	}
	l.viewed(0, v)
}

// viewed judges what a generator has seen.
func (l *Load) viewed(generator int, v View) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v.Client != nil {
		l.outages.client.add(generator, *v.Client)
	}
	if v.Probe != nil {
		l.outages.probe.add(0, *v.Probe)
	}
}

func newDriver(p Plan, index int, seen *watch) (Driver, error) {
	p.Target = p.Target.from(index)
	switch {
	case p.Remote != nil:
		return p.Remote(p, index)
	case p.Workload.Client.Type == "wire":
		return newWireDriver(p, index, seen)
	}
	return newGenerator(p, index, seen)
}

// Wait awaits the end of the load.
func (l *Load) Wait() error {
	l.wg.Wait()
	return errors.Join(l.errs...)
}

// Close ends the generators, after Wait or in its place, and tells about those
// that were elsewhere.
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
	return l.outages.probe.ordered(), l.outages.client.ordered()
}

// Progress is what a live display shows.
type Progress struct {
	// Requests and Errors count since the start; InFlight is now.
	Requests, Errors, InFlight int64
	// Rate is ok replies in the last whole second; P99 their response time.
	Rate float64
	P99  time.Duration
	// Last is when the last request ended, as an offset from the start.
	Last time.Duration
}

// Progress sums up the generators so far.
func (l *Load) Progress() Progress {
	var sum Progress
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
