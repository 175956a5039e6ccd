package client

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/frame"
	"github.com/slotstorm/slotstorm/workload/stream"
	"github.com/slotstorm/slotstorm/workload/wire"
)

// wireLead is how long before the schedule's start wire connects.
const wireLead = 300 * time.Millisecond

// wireProcs is a P for each event loop, which holds it while it waits, and one for the
// rest of the program, on a machine with a single core too.
func wireProcs(c *scenarios.Client) int { return c.Wire.Cores + 1 }

// wireDriver drives its share of the schedule through slotstorm's own driver:
// the same batches and the same bytes as a generator on go-redis.
type wireDriver struct {
	plan   Plan
	stream *stream.Stream

	mu    sync.Mutex
	total frame.Progress
	// held are the fates of writes that a later second may still overtake.
	held []wire.Entry
}

func newWireDriver(p Plan) (Driver, error) {
	st, err := stream.New(&p.Workload, p.Seed)
	if err != nil {
		return nil, err
	}
	return &wireDriver{plan: p, stream: st}, nil
}

// Warm loads the scripts; connections are made in the time before the start.
func (d *wireDriver) Warm(ctx context.Context) error {
	return loadScripts(ctx, d.plan.Target, d.stream.Scripts())
}

// Close implements Driver.
func (d *wireDriver) Close(context.Context) (*results.Generator, error) { return nil, nil }

// Describe implements Driver.
func (d *wireDriver) Describe(context.Context) (results.Client, error) {
	o := d.plan.Workload.Client.Wire
	c := results.Client{Type: "wire", Version: runtime.Version()}
	for _, option := range []struct{ name, value string }{
		{"connections", fmt.Sprint(o.Connections)},
		{"depth", fmt.Sprint(o.Depth)},
		{"clients", fmt.Sprint(o.Clients)},
		{"readFrom", o.ReadFrom},
		{"cores", fmt.Sprint(o.Cores)},
		{"protocol", fmt.Sprint(o.Protocol)},
		{"timeout", o.Timeout.String()},
		{"spin", o.Spin.String()},
	} {
		c.Options = append(c.Options, results.Option{Name: option.name, Value: option.value, Stated: true})
	}
	return c, nil
}

// Run implements Driver.
func (d *wireDriver) Run(ctx, stop context.Context, start time.Time, out Output) error {
	var stopped atomic.Bool
	defer context.AfterFunc(stop, func() { stopped.Store(true) })()
	cfg := d.config(d.sources(&stopped), start)
	var failed error
	cfg.OnSecond = func(s *wire.Second) {
		if err := d.second(s, start, out.Frame); err != nil && failed == nil {
			failed = err
			stopped.Store(true)
		}
	}
	loading, endLoading := context.WithCancel(ctx)
	defer endLoading()
	cfg.OnNoScript = d.reloadScripts(loading)
	e, err := wire.New(ctx, cfg)
	if err != nil {
		return err
	}
	r, err := e.Run(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.total.Last = r.Elapsed
	d.mu.Unlock()
	d.settle(1<<62, start)
	return failed
}

// share is the part of a core here.
func (d *wireDriver) share(core int) share {
	w := &d.plan.Workload
	cores := w.Client.Wire.Cores
	return share{int64(d.plan.Index*cores + core), int64(w.Generators * cores)}
}

// sources draw the requests, by core, until stopped.
func (d *wireDriver) sources(stopped *atomic.Bool) []*wireSource {
	list := make([]*wireSource, d.plan.Workload.Client.Wire.Cores)
	for core := range list {
		s := d.share(core)
		list[core] = &wireSource{
			stream: d.stream, share: s, plan: &d.plan, stopped: stopped, tag: d.plan.Seen != nil, number: s.number - s.of,
		}
	}
	return list
}

func (d *wireDriver) config(sources []*wireSource, start time.Time) wire.Config {
	w := &d.plan.Workload
	o := w.Client.Wire
	cfg := wire.Config{
		Addrs: d.plan.Target.Addrs, Cluster: d.plan.Target.Cluster, ShardOf: d.plan.Target.ShardOf, Dialer: d.plan.Target.Dialer,
		Start: start, Conns: o.Connections, Depth: o.Depth, Cores: o.Cores, Protocol: o.Protocol, Timeout: o.Timeout.Std(), Spin: o.Spin.Std(),
		MaxInFlight: max(d.plan.room(), o.Cores),
		Clients:     o.Clients, ReadReplicas: o.ReadFrom == "replica" && d.plan.Target.Cluster,
		Retire:    func(core int) []wire.Retirement { return d.retirements(d.share(core)) },
		Commands:  d.stream.Names(),
		NewSource: func(core int) wire.Source { return sources[core] },
	}
	if !w.Rate.Max {
		cfg.GiveUp = d.plan.giveUp()
		cfg.NewPacer = func(core int) wire.Pacer { return sources[core].pace() }
	}
	return cfg
}

// reloadScripts loads the scripts again, beside its caller, each time that the
// function it gives is called, until ctx ends: a node that restarted has lost them.
// If a node does not answer, the next request for it fails, which is recorded.
func (d *wireDriver) reloadScripts(ctx context.Context) func() {
	missing := make(chan struct{}, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-missing:
				_ = loadScripts(ctx, d.plan.Target, d.stream.Scripts())
			}
		}
	}()
	return func() {
		select {
		case missing <- struct{}{}:
		default:
		}
	}
}

// retirements are the churn and the storms of a share of the connections. For
// churn the shares take turns.
func (d *wireDriver) retirements(s share) []wire.Retirement {
	var list []wire.Retirement
	if churn := d.plan.Workload.Client.Churn; churn != nil {
		every := churn.Every.Std()
		list = append(list, wire.Retirement{At: time.Duration(s.number+1) * every, Every: time.Duration(s.of) * every})
	}
	if storm := d.plan.Workload.Client.Storm; storm != nil {
		list = append(list, wire.Retirement{At: d.plan.Workload.Warmup.Std() + storm.At.Std(), Every: storm.Every.Std(), All: true})
	}
	return list
}

// second turns one second into a frame.
func (d *wireDriver) second(s *wire.Second, start time.Time, give frame.Sink) error {
	if time.Duration(s.Seq)*time.Second >= d.plan.Length && s.Counts().Total() == 0 {
		return nil // replies came after the schedule's last second: nothing was due
	}
	f := results.Frame{Generator: d.plan.Index, Seq: s.Seq, Commands: map[string]results.Counts{}, Completed: int(s.Completed), InFlightMax: s.InFlightMax}
	histograms := map[string]*hdrhistogram.Histogram{}
	for command, name := range d.stream.Names() {
		var counts results.Counts
		for shard := range s.Cells {
			c := &s.Cells[shard][command]
			counts = counts.Plus(results.Counts{OK: int(c.OK), Failed: int(c.Failed), Unknown: int(c.Unknown), Overflow: int(c.Overflow), Hits: int(c.Hits), Misses: int(c.Misses)})
			if c.OK == 0 {
				continue
			}
			for i, h := range [3]*wire.Histogram{&c.Response, &c.Service, &c.Slip} {
				h.AddTo(frame.Histogram(histograms, results.Tag(frame.Times[i], name)))
				h.AddTo(frame.Histogram(histograms, results.ShardTag(frame.Times[i], shard)))
			}
		}
		f.Commands[name] = counts
	}
	f.Errors, f.Answered = classed(&s.Errors), classed(&s.Answered)
	if d.plan.Workload.Client.ReadsReplicas() {
		f.Reads = &results.Reads{Primary: int(s.PrimaryReads), Replica: int(s.ReplicaReads)}
	}
	if s.Wake.Total() > 0 {
		s.Wake.AddTo(frame.Histogram(histograms, results.SelfTag(results.Wake)))
	}
	d.progressed(f, histograms)
	d.held = append(d.held, s.Entries...)
	d.settle(int64(s.Seq+1)*int64(time.Second), start)
	return give(f, start.Add(time.Duration(f.Seq)*time.Second), histograms)
}

// classed names the classes that occurred.
func classed(counts *[wire.Classes]uint64) map[string]int {
	var named map[string]int
	for class, n := range counts {
		if n > 0 {
			if named == nil {
				named = map[string]int{}
			}
			named[wire.Class(class).String()] = int(n)
		}
	}
	return named
}

// settle reports the fates of writes that ended before an offset. A second
// is given when all of its requests have ended. Later requests end after it, so that
// the order of the fates before it is final.
func (d *wireDriver) settle(before int64, start time.Time) {
	if d.plan.Seen == nil {
		return
	}
	slices.SortFunc(d.held, func(a, b wire.Entry) int { return int(a.Done - b.Done) })
	n := 0
	for _, e := range d.held {
		if e.Done >= before {
			break
		}
		n++
		if e.Outcome == wire.Overflow {
			continue // it was never sent, and says nothing of its shard
		}
		at := func(ns int64) results.Duration { return d.plan.Clock.At(start.Add(time.Duration(ns))) }
		if e.Outcome == wire.OK {
			d.plan.Seen.Good(int(e.Shard), at(e.Done), "")
		} else {
			d.plan.Seen.Bad(int(e.Shard), at(max(e.Sent, e.Intended)), at(e.Done), e.Class.String(), "")
		}
	}
	d.held = slices.Delete(d.held, 0, n)
}

func (d *wireDriver) progressed(f results.Frame, histograms map[string]*hdrhistogram.Histogram) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total.Rate, d.total.P99 = float64(f.Completed), 0
	for name, c := range f.Commands {
		d.total.Requests += int64(c.Total())
		d.total.Errors += int64(c.Total() - c.OK)
		if h := histograms[results.Tag(results.Response, name)]; h != nil {
			d.total.P99 = max(d.total.P99, time.Duration(h.ValueAtQuantile(99))*time.Microsecond)
		}
	}
}

// Progress implements Driver.
func (d *wireDriver) Progress() frame.Progress {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.total
}
