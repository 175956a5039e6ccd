// Package self measures the process that generates load: the resources that it uses,
// and its delays.
package self

import (
	"context"
	"math"
	"runtime"
	"runtime/metrics"
	"sync"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/frame"
)

// Self measures this process while it generates load: the resources that it uses,
// and its delays. The times of a generator that was held up are not the server's.
//
//	kernel ─▶ threads that were ready and had no processor ─┐
//	Go     ─▶ ready goroutines, pauses of the collector ────┴▶ a second's Self
type Self struct {
	mu      sync.Mutex
	seconds map[int]*second
	last    reading
	threads threads
}

// second holds the measurements of one second.
type second struct {
	self   results.Self
	delays map[results.Delay]*hdrhistogram.Histogram
}

// reading are sums since the process began.
type reading struct {
	cpu       time.Duration
	sched, gc []uint64
}

// slice is how often threads are looked at. Waits within a slice are known by
// their mean, so it should not hold many.
const slice = 50 * time.Millisecond

// New watches this process.
func New() *Self { return &Self{seconds: map[int]*second{}} }

// Run watches from start until ctx ends.
func (s *Self) Run(ctx context.Context, start time.Time) {
	s.read()
	s.threads.starvation(func(time.Duration, int64) {}) // the time before is not load
	t := time.NewTicker(slice)
	defer t.Stop()
	now := 0
	for {
		ended := false
		select {
		case <-ctx.Done():
			ended = true
		case <-t.C:
		}
		s.mu.Lock()
		s.slice(now)
		if sec := frame.Second(max(time.Since(start), 0)); sec != now || ended {
			s.sum(now)
			now = sec
		}
		s.mu.Unlock()
		if ended {
			return
		}
	}
}

func (s *Self) at(sec int) *second {
	x := s.seconds[sec]
	if x == nil {
		x = &second{delays: map[results.Delay]*hdrhistogram.Histogram{}}
		s.seconds[sec] = x
	}
	return x
}

func (x *second) record(d results.Delay, took time.Duration, n int64) {
	h := x.delays[d]
	if h == nil {
		h = hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
		x.delays[d] = h
	}
	// The only error is a value out of range, and there is none.
	_ = h.RecordValues(min(max(took.Microseconds(), results.HistogramMin), results.HistogramMax), n)
}

// slice adds the waits of threads since the last slice.
func (s *Self) slice(sec int) {
	x := s.at(sec)
	s.threads.starvation(func(waited time.Duration, runs int64) {
		x.self.Starved += results.DurationOf(waited)
		x.record(results.Starved, waited/time.Duration(runs), runs)
	})
}

// sum adds what the runtime and the kernel summed up since the last second.
func (s *Self) sum(sec int) {
	x, before := s.at(sec), s.last
	bounds := s.read()
	x.self.CPU += results.DurationOf(s.last.cpu - before.cpu)
	each := func(d results.Delay, was, is []uint64, bounds []float64) {
		for i, n := range is {
			if n -= was[i]; n == 0 {
				continue
			}
			took := middle(bounds[i], bounds[i+1])
			x.record(d, took, int64(n))
			if d == results.GC {
				x.self.Paused += results.DurationOf(took * time.Duration(n))
			}
		}
	}
	each(results.Sched, before.sched, s.last.sched, bounds[0])
	each(results.GC, before.gc, s.last.gc, bounds[1])
}

// middle of a bucket of the runtime's; its outermost reach to infinity.
func middle(low, high float64) time.Duration {
	if math.IsInf(low, -1) {
		low = 0
	}
	if math.IsInf(high, 1) {
		high = low
	}
	return time.Duration((low + high) / 2 * float64(time.Second))
}

// read takes the sums as they are now, and gives the buckets' bounds.
func (s *Self) read() [2][]float64 {
	samples := []metrics.Sample{{Name: "/sched/latencies:seconds"}, {Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(samples)
	sched, gc := samples[0].Value.Float64Histogram(), samples[1].Value.Float64Histogram()
	s.last = reading{cpu: processCPU(), sched: append([]uint64(nil), sched.Counts...), gc: append([]uint64(nil), gc.Counts...)}
	return [2][]float64{sched.Buckets, gc.Buckets}
}

func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Take gives the measurements up to a second since the last call, and adds their
// histograms to those of a frame.
func (s *Self) Take(sec int, histograms map[string]*hdrhistogram.Histogram) *results.Self {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := results.Self{Cores: runtime.NumCPU()}
	for n, x := range s.seconds {
		if n > sec {
			continue
		}
		sum.CPU += x.self.CPU
		sum.Starved += x.self.Starved
		sum.Paused += x.self.Paused
		for d, h := range x.delays {
			frame.Histogram(histograms, results.SelfTag(d)).Merge(h)
		}
		delete(s.seconds, n)
	}
	return &sum
}
