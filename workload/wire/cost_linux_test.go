package wire

import (
	"errors"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// byTurns keeps the thread that draws from it on one processor until its end, on
// terms on which none of two processes there interrupts the other: each runs until
// it waits.
type byTurns struct {
	Source
	t       *testing.T
	server  int
	allowed unix.CPUSet
	ended   bool
}

const turnsCPU = 0

func (p *byTurns) Next(buf []byte, intended int64) ([]byte, Request, bool) {
	if p.allowed.Count() == 0 {
		if err := unix.SchedGetaffinity(0, &p.allowed); err != nil {
			p.t.Error(err)
		}
		var one unix.CPUSet
		one.Set(turnsCPU)
		for _, pid := range []int{0, p.server} {
			p.schedule(pid, unix.SCHED_BATCH, &one)
		}
	}
	b, r, more := p.Source.Next(buf, intended)
	if !more && !p.ended {
		p.ended = true
		p.schedule(0, unix.SCHED_NORMAL, &p.allowed)
	}
	return b, r, more
}

func (p *byTurns) schedule(pid int, policy uint32, on *unix.CPUSet) {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: policy}
	if err := errors.Join(unix.SchedSetaffinity(pid, on), unix.SchedSetAttr(pid, &attr, 0)); err != nil {
		p.t.Error(err)
	}
}

// A request allocates nothing, and costs the system calls that it must: in
// counts, which noise hardly touches. How many replies a wait finds depends on
// who is how fast, so client and server take turns on one processor here; the
// best of a few runs counts, because others may break in on the turns.
func TestCost(t *testing.T) {
	s := startRedis(t)
	const n, bound = 100_000, 2.3
	best := 10.0
	for try := 0; try < 5 && best > bound; try++ {
		cfg := config(s.addr)
		cfg.Conns = 8
		source := &byTurns{Source: newMix(0, 100_000, n), t: t, server: s.cmd.Process.Pid}
		cfg.NewSource = func(int) Source { return source }
		cfg.OnSecond = func(*Second) {}
		e, err := New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		result, err := e.Run(t.Context())
		runtime.ReadMemStats(&after)
		if err != nil || result.Counts.OK != n {
			t.Fatal(result.Counts, err)
		}
		if per := float64(after.Mallocs-before.Mallocs) / n; per >= 0.01 {
			t.Errorf("%v allocations per request", per)
		}
		if per := float64(result.Stats.Reads+result.Stats.Writes) / n; per > 2.001 {
			t.Errorf("%.4f reads and writes per request", per)
		}
		calls := float64(result.Stats.Reads+result.Stats.Writes+result.Stats.Waits) / n
		best = min(best, calls)
		t.Logf("%.3f calls per request, %d allocations in all, %v of processor time each",
			calls, after.Mallocs-before.Mallocs, result.Stats.CPU/n)
	}
	if best > bound {
		t.Errorf("%.3f system calls per request, more than %v", best, bound)
	}
}

// A loop that waits does not hold up the collector: while it idles in raw waits,
// collections stop the world for as long as they would without it.
func TestCollectorIsNotHeldUp(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	s := startRedis(t)
	cfg := config(s.addr)
	cfg.Conns, cfg.Timeout = 1, 10*time.Second
	cfg.NewSource = func(int) Source { return newMix(0, 100, 1<<40) }
	// A request every 9 ms: nearly all the time in raw waits, which follow
	// the replies.
	cfg.NewPacer = func(int) Pacer { return &steady{gap: 9_000_000, left: 300} }
	cfg.OnSecond = func(*Second) {}
	e, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	var result Result
	held := collecting(func() { result, err = e.Run(t.Context()) })
	if err != nil || result.Counts.OK != 300 {
		t.Fatal(result.Counts, err)
	}
	alone := collecting(func() { time.Sleep(result.Elapsed) })
	t.Logf("waits for the world to stop: with the loop %v, without %v", held, alone)
	// Held up, nearly every collection would wait for milliseconds; on a busy machine some do.
	if held.total < 100 || held.slow > held.total/4 {
		t.Errorf("%d of %d took 1 ms or more", held.slow, held.total)
	}
}

// stops are how long it took to stop the world for collections: how many there
// were, how many of them took 1 ms or more, and bounds of the slowest hundredth
// and of the slowest.
type stops struct {
	total, slow uint64
	p99, most   time.Duration
}

// collecting collects garbage for as long as f runs.
func collecting(f func()) stops {
	var running sync.WaitGroup
	stop := make(chan struct{})
	before := pauses()
	running.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	})
	f()
	close(stop)
	running.Wait()
	after := pauses()
	var s stops
	for i, n := range after.Counts {
		s.total += n - before.Counts[i]
	}
	var sum uint64
	for i, n := range after.Counts {
		if n -= before.Counts[i]; n == 0 {
			continue
		}
		if after.Buckets[i] >= 1e-3 {
			s.slow += n
		}
		s.most = time.Duration(after.Buckets[i+1] * 1e9)
		if sum < s.total-s.total/100 {
			s.p99 = s.most
		}
		sum += n
	}
	return s
}

func pauses() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: "/sched/pauses/stopping/gc:seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64Histogram()
}

// Intended starts are kept: with a server that answers, most requests of an open
// loop leave within half a millisecond, which a loop that waited in whole
// milliseconds would miss. On a busy machine the processors come late, so one quiet half
// second is enough: such a loop would have none.
func TestPunctual(t *testing.T) {
	s := startRedis(t)
	for range 20 {
		if medianSlip(t, s.addr) <= 500 {
			return
		}
	}
	t.Error("the median slip was more than 500 µs in each of 20 attempts")
}

// medianSlip sends 5,000 requests in half a second, and gives their median slip in
// microseconds.
func medianSlip(t *testing.T, addr string) int64 {
	cfg := config(addr)
	cfg.Conns, cfg.MaxInFlight = 4, 20_000
	cfg.Spin = 60 * time.Microsecond
	cfg.NewSource = func(int) Source { return newMix(0, 100, 1<<40) }
	cfg.NewPacer = func(int) Pacer { return &steady{gap: 100_000, left: 5_000} }
	_, got := drive(t, t.Context(), cfg)
	slip := NewHDR()
	for i := range got.total.Cells[0] {
		got.total.Cells[0][i].Slip.AddTo(slip)
	}
	t.Logf("slip p50 %d µs, p99 %d µs", slip.ValueAtPercentile(50), slip.ValueAtPercentile(99))
	return slip.ValueAtPercentile(50)
}
