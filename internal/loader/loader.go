// Package loader drives load against an existing Redis or Redis Cluster, without
// a scenario:
//
//	address ─▶ Discover: plain or cluster, shards ─▶ Drive: the room workload ─▶ Result
package loader

import (
	"context"
	"sync"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/dial"
	"github.com/slotstorm/slotstorm/report/judge"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload"
	"github.com/slotstorm/slotstorm/workload/frame"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// Options of a load.
type Options struct {
	// Addr is host:port of the server, or of any node of the cluster.
	Addr string
	// Dialer opens every connection.
	Dialer   dial.Dialer
	Workload scenarios.Workload
	Seed     uint64
	// Length is how long requests are sent for; Requests, if above 0, ends a
	// closed loop after so many.
	Length   time.Duration
	Requests int64
	// Progress, if not nil, is called five times a second.
	Progress func(elapsed time.Duration, p frame.Progress)
	// Stop ends the load early; measurements until then count.
	Stop <-chan struct{}
}

// Row holds the outcomes and times of one command, or of all.
type Row struct {
	Command string         `json:"command"`
	Counts  results.Counts `json:"counts"`
	PerSec  float64        `json:"okPerSecond"`
	// The times are nil if no request had one, as none succeeded.
	Response *Percentiles `json:"response,omitempty"`
	Service  *Percentiles `json:"service,omitempty"`
	Slip     *Percentiles `json:"slip,omitempty"`
	hists    map[results.Time]*hdrhistogram.Histogram
}

// ShardRow holds the times of one shard's requests.
type ShardRow struct {
	Shard    int          `json:"shard"`
	OK       int64        `json:"ok"`
	Response *Percentiles `json:"response"`
	Service  *Percentiles `json:"service"`
}

// Percentiles of a time, in milliseconds.
type Percentiles struct {
	Mean  results.Duration `json:"meanMs"`
	P50   results.Duration `json:"p50Ms"`
	P90   results.Duration `json:"p90Ms"`
	P99   results.Duration `json:"p99Ms"`
	P999  results.Duration `json:"p99.9Ms"`
	P9999 results.Duration `json:"p99.99Ms"`
	Max   results.Duration `json:"maxMs"`
}

// Result of a load.
type Result struct {
	// Cluster says whether the server is a Redis Cluster; Shards counts its
	// primaries, 1 otherwise.
	Cluster bool           `json:"cluster"`
	Shards  int            `json:"shards"`
	Server  results.Server `json:"server"`
	// OpenLoop says whether requests had intended starts. In a closed loop
	// response times hide the effect of a stall.
	OpenLoop bool             `json:"openLoop"`
	Elapsed  results.Duration `json:"elapsedMs"`
	// Interrupted is why the load ended early; empty if it did not.
	Interrupted string         `json:"interrupted,omitempty"`
	Rows        []Row          `json:"rows"`
	Errors      map[string]int `json:"errors,omitempty"`
	Client      results.Client `json:"client"`
	// Reads are the reads by role, of a client that may read from replicas.
	Reads *results.Reads `json:"reads,omitempty"`
	// Shard are the times by shard, all commands together.
	Shard []ShardRow `json:"byShard,omitempty"`
	// CPU is this process' processor time, user and system, while it drove the
	// load; PerRequest the same by request.
	CPU        results.Duration `json:"cpuMs"`
	PerRequest results.Duration `json:"cpuPerRequestMs"`
	// Generator judges slotstorm itself: if it is not valid, Invalid says why the
	// figures are not the server's. Notice is a remark on a valid one.
	Generator *results.SelfCheck `json:"generator,omitempty"`
	Invalid   string             `json:"invalid,omitempty"`
	Notice    string             `json:"notice,omitempty"`
	// Series are the seconds of the load.
	Series []results.Frame `json:"series,omitempty"`
}

// collector sums frames up.
type collector struct {
	mu     sync.Mutex
	rows   map[string]*Row
	shards []map[results.Time]*hdrhistogram.Histogram
	errors map[string]int
	reads  *results.Reads
	series []results.Frame
	record *judge.GeneratorRecord
}

func newCollector(shards int, w scenarios.Workload) *collector {
	c := &collector{rows: map[string]*Row{}, errors: map[string]int{}, record: judge.NewGeneratorRecord(w)}
	for range shards {
		c.shards = append(c.shards, histograms())
	}
	return c
}

func (c *collector) frame(f results.Frame, _ time.Time, histograms map[string]*hdrhistogram.Histogram) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, counts := range f.Commands {
		c.row(name).Counts = c.row(name).Counts.Plus(counts)
		for _, t := range []results.Time{results.Response, results.Service, results.Slip} {
			if h := histograms[results.Tag(t, name)]; h != nil {
				c.row(name).hists[t].Merge(h)
				c.record.Time(t, f.Seq, results.Pack(h))
			}
		}
	}
	for shard, hists := range c.shards {
		for t, sum := range hists {
			if h := histograms[results.ShardTag(t, shard)]; h != nil {
				sum.Merge(h)
			}
		}
	}
	c.record.Frame(f)
	for _, d := range []results.Delay{results.Starved, results.Wake, results.Sched, results.GC} {
		if h := histograms[results.SelfTag(d)]; h != nil {
			c.record.Delay(d, f.Seq, results.Pack(h))
		}
	}
	for class, n := range f.Errors {
		c.errors[class] += n
	}
	c.reads = c.reads.Plus(f.Reads)
	c.series = append(c.series, f)
	return nil
}

func (c *collector) row(name string) *Row {
	r := c.rows[name]
	if r == nil {
		r = &Row{Command: name, hists: histograms()}
		c.rows[name] = r
	}
	return r
}

// histograms makes an empty one for each time.
func histograms() map[results.Time]*hdrhistogram.Histogram {
	m := map[results.Time]*hdrhistogram.Histogram{}
	for _, t := range []results.Time{results.Response, results.Service, results.Slip} {
		m[t] = hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
	}
	return m
}

// find is the server of o, if its client can use it.
func find(ctx context.Context, o Options) (servers.Target, results.Server, error) {
	target, server, err := discover(ctx, o.Addr, o.Dialer)
	if c := o.Workload.Client; err == nil && c.Type == "wire" && c.Wire.Protocol != 3 {
		err = authenticate(ctx, o.Addr, o.Dialer)
	}
	return target, server, err
}

// Run drives the load and sums it up.
func Run(ctx context.Context, o Options) (*Result, error) {
	stop, end := context.WithCancel(ctx)
	defer end()
	go func() {
		select {
		case <-o.Stop:
			end()
		case <-stop.Done():
		}
	}()
	target, server, err := find(stop, o)
	if err != nil {
		return nil, err
	}
	c := newCollector(len(target.Shards), o.Workload)
	clock := results.Clock{Start: time.Now()}
	before := processCPU()
	load, err := workload.Drive(ctx, stop, workload.Plan{
		Workload: o.Workload, Seed: o.Seed, Target: target, Clock: clock, Length: o.Length, Requests: o.Requests, Sink: c.frame, Drain: 5 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	followed := follow(o.Progress, load)
	err = load.Wait()
	interrupted := ""
	if stop.Err() != nil {
		interrupted = "stopped by a signal"
	}
	if _, cerr := load.Close(ctx); err == nil {
		err = cerr
	}
	elapsed := load.Progress().Last
	cpu := processCPU() - before
	followed()
	if err != nil {
		return nil, err
	}
	r := &Result{
		Cluster: target.Cluster, Shards: len(target.Shards), Server: server, OpenLoop: !o.Workload.Rate.Max, Elapsed: results.DurationOf(elapsed), Interrupted: interrupted,
		Errors: c.errors, Reads: c.reads, Client: load.Client(), CPU: results.DurationOf(cpu), Series: c.series,
	}
	total := c.rowsInto(r, o.Workload.Mix, elapsed)
	if n := total.Total() - total.Overflow; n > 0 {
		r.PerRequest = results.DurationOf(cpu / time.Duration(n))
	}
	r.Generator = c.record.Judge(elapsed)
	r.Invalid = judge.LimitReason(r.Generator)
	if all := r.Rows[len(r.Rows)-1].Response; all != nil {
		r.Notice = judge.GeneratorNotice(r.Generator, all.P99)
	}
	return r, nil
}

// follow calls progress five times a second until the end is called.
func follow(progress func(time.Duration, frame.Progress), load *workload.Load) (end func()) {
	if progress == nil {
		return func() {}
	}
	done := make(chan struct{})
	var followed sync.WaitGroup
	followed.Go(func() {
		t := time.NewTicker(200 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				progress(time.Since(load.Start), load.Progress())
			case <-done:
				return
			}
		}
	})
	return func() { close(done); followed.Wait() }
}

// rowsInto adds the rows of the commands, of all of them and of the shards, and gives
// the counts of all.
func (c *collector) rowsInto(r *Result, mix []scenarios.Command, elapsed time.Duration) results.Counts {
	all := c.row("all")
	for _, m := range mix {
		row := c.row(m.Label())
		all.Counts = all.Counts.Plus(row.Counts)
		for t, h := range row.hists {
			all.hists[t].Merge(h)
		}
	}
	for _, m := range mix {
		r.Rows = append(r.Rows, c.row(m.Label()).summed(elapsed))
	}
	r.Rows = append(r.Rows, all.summed(elapsed))
	for shard, h := range c.shards {
		if r.Cluster && h[results.Response].TotalCount() > 0 {
			r.Shard = append(r.Shard, ShardRow{shard, h[results.Response].TotalCount(), percentiles(h[results.Response]), percentiles(h[results.Service])})
		}
	}
	return all.Counts
}

func (r *Row) summed(elapsed time.Duration) Row {
	out := Row{Command: r.Command, Counts: r.Counts}
	if elapsed > 0 { // else no request has ended
		out.PerSec = float64(r.Counts.OK) / elapsed.Seconds()
	}
	out.Response, out.Service, out.Slip = percentiles(r.hists[results.Response]), percentiles(r.hists[results.Service]), percentiles(r.hists[results.Slip])
	return out
}

// percentiles are nil of an empty histogram.
func percentiles(h *hdrhistogram.Histogram) *Percentiles {
	if h.TotalCount() == 0 {
		return nil
	}
	us := func(v int64) results.Duration { return results.Duration(v * int64(time.Microsecond)) }
	return &Percentiles{
		Mean: us(int64(h.Mean())), P50: us(h.ValueAtQuantile(50)), P90: us(h.ValueAtQuantile(90)), P99: us(h.ValueAtQuantile(99)),
		P999: us(h.ValueAtQuantile(99.9)), P9999: us(h.ValueAtQuantile(99.99)), Max: us(h.Max()),
	}
}

func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
