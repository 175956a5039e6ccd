package workload

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
	"github.com/slotstorm/slotstorm/workload/schedule"
	"github.com/slotstorm/slotstorm/workload/stream"
	"github.com/slotstorm/slotstorm/workload/wire"
)

// wireLead is how long before the schedule's start wire connects.
const wireLead = 300 * time.Millisecond

// wireDriver drives its share of the schedule through slotstorm's own driver:
// the same batches and the same bytes as a generator on go-redis.
type wireDriver struct {
	index  int
	plan   Plan
	stream *stream.Stream
	seen   *watch

	mu    sync.Mutex
	total Progress
	// held are the fates of writes that a later second may still overtake.
	held []wire.Entry
}

func newWireDriver(p Plan, index int, seen *watch) (*wireDriver, error) {
	st, err := stream.New(&p.Workload, p.Seed)
	if err != nil {
		return nil, err
	}
	return &wireDriver{index: index, plan: p, stream: st, seen: seen}, nil
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

// share is the part of the load that one core of one generator has.
type share struct {
	number, of int64
}

// Run implements Driver.
func (d *wireDriver) Run(ctx, stop context.Context, start time.Time, out Output) error {
	o, w := d.plan.Workload.Client.Wire, &d.plan.Workload
	var stopped atomic.Bool
	defer context.AfterFunc(stop, func() { stopped.Store(true) })()
	of := int64(w.Generators * o.Cores)
	sources := make([]*wireSource, o.Cores)
	for core := range sources {
		sources[core] = &wireSource{
			stream: d.stream, share: share{int64(d.index*o.Cores + core), of}, plan: &d.plan, stopped: &stopped,
			tag: d.seen != nil, number: int64(d.index*o.Cores+core) - of,
		}
	}
	// A node that was restarted has forgotten the scripts. One that does not answer
	// now is told of by its next request.
	missing := make(chan struct{}, 1)
	loading, endLoading := context.WithCancel(ctx)
	defer endLoading()
	go func() {
		for {
			select {
			case <-loading.Done():
				return
			case <-missing:
				_ = loadScripts(loading, d.plan.Target, d.stream.Scripts())
			}
		}
	}()
	var failed error
	cfg := wire.Config{
		Addrs: d.plan.Target.Addrs, Cluster: d.plan.Target.Cluster, Dialer: d.plan.Target.Dialer,
		Conns: o.Connections, Depth: o.Depth, Cores: o.Cores, Protocol: o.Protocol, Timeout: o.Timeout.Std(), Spin: o.Spin.Std(),
		MaxInFlight: max((w.MaxInFlight+w.Generators-1-d.index)/w.Generators, o.Cores),
		Clients:     o.Clients, ReadReplicas: o.ReadFrom == "replica" && d.plan.Target.Cluster,
		OnNoScript: func() {
			select {
			case missing <- struct{}{}:
			default:
			}
		},
		Retire:    func(core int) []wire.Retirement { return d.retirements(share{int64(d.index*o.Cores + core), of}) },
		Commands:  d.stream.Names(),
		NewSource: func(core int) wire.Source { return sources[core] },
		OnSecond: func(s *wire.Second) {
			if err := d.second(s, start, out.Frame); err != nil && failed == nil {
				failed = err
				stopped.Store(true)
			}
		},
	}
	// A closed loop begins when its connections stand.
	if !w.Rate.Max {
		cfg.Start, cfg.GiveUp = start, d.plan.giveUp()
		cfg.NewPacer = func(core int) wire.Pacer { return sources[core].pace() }
	}
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

// wireSource draws the requests of one share.
type wireSource struct {
	stream   *stream.Stream
	share    share
	plan     *Plan
	schedule *schedule.Schedule
	stopped  *atomic.Bool
	// tag marks writes, so that their fate is told.
	tag bool
	// number is the current batch's; batch has what of it is left to draw.
	number int64
	batch  schedule.Batch
	drawn  int
	// due is the batch that the pacer has reached, and paced how much of it it
	// has told. The engine asks for each request right after its time.
	due   schedule.Batch
	paced int
}

// pace gives the intended starts of the share, in step with Next.
func (s *wireSource) pace() wire.Pacer {
	s.schedule = schedule.New(schedule.Options{Workload: &s.plan.Workload, Seed: s.plan.Seed, Length: s.plan.Length, Times: s.plan.Times})
	return (*wirePacer)(s)
}

type wirePacer wireSource

// Next implements wire.Pacer.
func (p *wirePacer) Next() (int64, bool) {
	for p.paced >= p.due.Count {
		b, ok := p.schedule.Next()
		if !ok {
			return 0, false
		}
		if b.Number%p.share.of != p.share.number {
			continue
		}
		p.due, p.paced = b, 0
	}
	p.paced++
	return int64(p.due.At), true
}

// Next implements wire.Source.
func (s *wireSource) Next(buf []byte, intended int64) ([]byte, wire.Request, bool) {
	if s.stopped.Load() {
		return buf, wire.Request{}, false
	}
	at := time.Duration(intended)
	var index int64
	if s.schedule != nil {
		index = s.due.First + int64(s.paced) - 1
	} else {
		if at >= s.plan.Length || s.plan.Requests > 0 && s.number >= s.plan.Requests {
			return buf, wire.Request{}, false
		}
		if s.drawn >= s.batch.Count {
			s.number += s.share.of
			if s.plan.Requests > 0 && s.number >= s.plan.Requests {
				return buf, wire.Request{}, false
			}
			s.batch, s.drawn = schedule.BatchOf(&s.plan.Workload, s.plan.Seed, s.number), 0
		}
		index = s.batch.First + int64(s.drawn)
		s.drawn++
	}
	buf, m := s.stream.Append(buf, index, at)
	r := wire.Request{
		Slot: uint16(max(m.Slot, 0)), Command: uint8(m.Command), Replies: uint8(m.Replies),
		Wait: uint8(m.Wait), Local: uint8(m.Local), Read: !m.Write && m.Replies == 1,
	}
	if s.tag && m.Write && m.Slot >= 0 {
		r.Tag = 1
	}
	return buf, r, true
}

// second turns one second into a frame.
func (d *wireDriver) second(s *wire.Second, start time.Time, give Sink) error {
	if time.Duration(s.Seq)*time.Second >= d.plan.Length && s.Counts().Total() == 0 {
		return nil // replies came after the schedule's last second: nothing was due
	}
	f := results.Frame{Generator: d.index, Seq: s.Seq, Commands: map[string]results.Counts{}, Completed: int(s.Completed), InFlightMax: s.InFlightMax}
	histograms := map[string]*hdrhistogram.Histogram{}
	for command, name := range d.stream.Names() {
		var counts results.Counts
		for shard := range s.Cells {
			c := &s.Cells[shard][command]
			counts = counts.Plus(results.Counts{OK: int(c.OK), Failed: int(c.Failed), Unknown: int(c.Unknown), Overflow: int(c.Overflow)})
			if c.OK == 0 {
				continue
			}
			for i, h := range [3]*wire.Histogram{&c.Response, &c.Service, &c.Slip} {
				h.AddTo(histogramOf(histograms, results.Tag(times[i], name)))
				h.AddTo(histogramOf(histograms, results.ShardTag(times[i], shard)))
			}
		}
		f.Commands[name] = counts
	}
	for class, n := range s.Errors {
		if n > 0 {
			if f.Errors == nil {
				f.Errors = map[string]int{}
			}
			f.Errors[wire.Class(class).String()] = int(n)
		}
	}
	if s.Wake.Total() > 0 {
		s.Wake.AddTo(histogramOf(histograms, results.SelfTag(results.Wake)))
	}
	d.progressed(f, histograms)
	d.held = append(d.held, s.Entries...)
	d.settle(int64(s.Seq+1)*int64(time.Second), start)
	return give(f, start.Add(time.Duration(f.Seq)*time.Second), histograms)
}

// settle tells the fates of writes that were settled before an offset. A second
// is given when all of its requests have ended: what is still to come ends after
// it, so that up to there the order is known.
func (d *wireDriver) settle(before int64, start time.Time) {
	if d.seen == nil {
		return
	}
	slices.SortFunc(d.held, func(a, b wire.Entry) int { return int(a.Done - b.Done) })
	n := 0
	for _, e := range d.held {
		if e.Done >= before {
			break
		}
		n++
		at := func(ns int64) results.Duration { return d.plan.Clock.At(start.Add(time.Duration(ns))) }
		if e.Outcome == wire.OK {
			d.seen.good(int(e.Shard), at(e.Done), "")
		} else {
			d.seen.bad(int(e.Shard), at(max(e.Sent, e.Intended)), at(e.Done), e.Class.String(), "")
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
func (d *wireDriver) Progress() Progress {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.total
}
