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
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

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
	Dial    func(ctx context.Context, addr string) (net.Conn, error)
	// Cluster is false for a single server that is no Redis Cluster.
	Cluster            bool
	Username, Password string
	// TLS, if not nil, encrypts.
	TLS *tls.Config
}

// Member is one node of a shard.
type Member struct{ Name, Addr string }

// Sink takes what generators produce. wall is the start of the frame's second.
type Sink func(f results.Frame, wall time.Time, histograms map[string]*hdr.Histogram) error

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
}

// driver is one generator: it drives its share of the schedule through a client.
type driver interface {
	// warm connects, and describe tells about the client; both before run.
	warm(ctx context.Context) error
	describe(ctx context.Context) (results.Client, error)
	// run drives the load that starts at start until it is at its end or stop is,
	// and gives its frames to the plan's sink. p is nil without probes.
	run(ctx, stop context.Context, start time.Time, p *probes) error
	progress() Progress
	close()
}

// Load is a load under way.
type Load struct {
	// Start is the intended start of the schedule: second 0 of all frames.
	Start time.Time

	plan       Plan
	generators []driver
	probes     *probes
	wg         sync.WaitGroup
	mu         sync.Mutex
	err        error
	client     results.Client
	outages    *watch
}

// Drive starts the load; stop ends it early, and Wait awaits its end. ctx ends
// it at once.
func Drive(ctx, stop context.Context, p Plan) (*Load, error) {
	l := &Load{plan: p}
	if p.Workload.Probe.Interval > 0 {
		l.outages = newWatch(len(p.Target.Shards), clientGap)
	}
	for i := range p.Workload.Generators {
		g, err := newDriver(p, i, l.outages)
		if err != nil {
			l.close()
			return nil, fmt.Errorf("generator %d: %w", i, err)
		}
		l.generators = append(l.generators, g)
	}
	// Connections and topology come before the schedule: what they take is not
	// load.
	for i, g := range l.generators {
		if err := g.warm(ctx); err != nil {
			l.close()
			return nil, fmt.Errorf("generator %d: %w", i, err)
		}
	}
	var err error
	if l.client, err = l.generators[0].describe(ctx); err != nil {
		l.close()
		return nil, err
	}
	l.Start = time.Now()
	if p.Workload.Client.Type == "wire" && !p.Workload.Rate.Max {
		l.Start = l.Start.Add(wireLead)
	}
	probing, endProbes := context.WithCancel(ctx)
	var probers sync.WaitGroup
	if l.outages != nil {
		l.probes = newProbes(p.Target, p.Workload.Probe, p.Clock, l.Start)
		probers.Go(func() { l.probes.run(probing) })
	}
	var loads sync.WaitGroup
	for _, g := range l.generators {
		loads.Go(func() {
			if err := g.run(ctx, stop, l.Start, l.probes); err != nil {
				l.mu.Lock()
				l.err = err
				l.mu.Unlock()
			}
		})
	}
	l.wg.Go(func() {
		loads.Wait()
		endProbes()
		probers.Wait()
	})
	return l, nil
}

func (l *Load) close() {
	for _, g := range l.generators {
		g.close()
	}
}

func newDriver(p Plan, index int, outages *watch) (driver, error) {
	if p.Workload.Client.Type == "wire" {
		return newWireDriver(p, index, outages)
	}
	return newGenerator(p, index, outages)
}

// Wait awaits the end of the load and closes its clients.
func (l *Load) Wait() error {
	l.wg.Wait()
	l.close()
	return l.err
}

// Client describes the client under load: its version and effective options.
func (l *Load) Client() results.Client { return l.client }

// Outages are the stretches without a good write, as the probes and as the
// application client saw them. Valid after Wait.
func (l *Load) Outages() (probe, client []results.Outage) {
	if l.outages == nil {
		return nil, nil
	}
	end := l.plan.Clock.Now()
	return l.probes.watch.end(end), l.outages.end(end)
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
		p := g.progress()
		sum.Requests += p.Requests
		sum.Errors += p.Errors
		sum.InFlight += p.InFlight
		sum.Rate += p.Rate
		sum.P99 = max(sum.P99, p.P99)
		sum.Last = max(sum.Last, p.Last)
	}
	return sum
}
