package client

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/classify"
	"github.com/slotstorm/slotstorm/workload/frame"
	"github.com/slotstorm/slotstorm/workload/schedule"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// generator drives its share of the schedule: every batch whose number, modulo
// the number of generators, is its own.
type generator struct {
	plan   Plan
	stream *stream.Stream
	client library
	rec    *frame.Recorder
	limit  int // in flight
	// jobs hands batches to idle workers.
	jobs    chan schedule.Batch
	workers sync.WaitGroup
	// reached is the intended start, as an offset from the start, before which an
	// open loop issues nothing more.
	reached atomic.Int64
	// gate is held for reading from the moment that a closed loop takes as the start
	// of its requests until they are noted.
	gate sync.RWMutex
}

// library is a client library.
type library interface {
	// warm connects, describe lists the options in force.
	warm(ctx context.Context) error
	describe(ctx context.Context) (results.Client, error)
	// do carries requests out, several of them as one pipeline, and sets their
	// outcomes.
	do(ctx context.Context, requests []request)
	// connections are those that churn and storms close.
	connections() *connections
	close()
}

// newGenerator drives a library, which it closes.
func newGenerator(p Plan, st *stream.Stream, l library) (*generator, error) {
	g := &generator{plan: p, stream: st, client: l, jobs: make(chan schedule.Batch), limit: p.room()}
	if g.limit < 1 {
		l.close()
		return nil, errors.New("maxInFlight gives it no request")
	}
	g.rec = frame.NewRecorder(p.Index, st.Names(), max(len(p.Target.Shards), 1))
	return g, nil
}

// Run implements Driver.
func (g *generator) Run(ctx, stop context.Context, start time.Time, out Output) error {
	// Requests under way may end within the drain; after it they are cut.
	requests, cut := context.WithCancel(ctx)
	defer cut()
	shaking, calm := context.WithCancel(requests)
	defer calm()
	go g.client.connections().shake(shaking, g.plan, start)
	issued := make(chan struct{})
	go func() {
		defer close(issued)
		if g.plan.Workload.Rate.Max {
			g.closedLoop(requests, stop, start)
		} else {
			g.openLoop(requests, stop, start)
		}
		close(g.jobs)
		drained := make(chan struct{})
		go func() { g.workers.Wait(); close(drained) }()
		select {
		case <-drained:
		case <-time.After(g.plan.Drain):
			cut()
			<-drained
		}
	}()
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	give := func(f results.Frame, h map[string]*hdrhistogram.Histogram) error {
		return out.Frame(f, start.Add(time.Duration(f.Seq)*time.Second), h)
	}
	var failed error
	for {
		select {
		case <-t.C:
			if err := g.rec.Collect(g.due(start), false, give); err != nil && failed == nil {
				failed = err
				cut()
			}
		case <-issued:
			due := g.secondsBefore(time.Since(start) + time.Second - 1)
			return errors.Join(failed, g.rec.Collect(due, true, give))
		}
	}
}

// margin is how long after its end a second's frame is given, so that its probes are
// counted.
const margin = 200 * time.Millisecond

// due counts the seconds of which no more requests can be issued, however late the
// one who issues them is.
func (g *generator) due(start time.Time) int {
	passed := time.Since(start) - margin
	if !g.plan.Workload.Rate.Max {
		return g.secondsBefore(min(passed, time.Duration(g.reached.Load())))
	}
	// A batch that took an earlier moment as its start has been noted once the gate
	// is free; those after it take later ones.
	g.gate.Lock()
	defer g.gate.Unlock()
	return g.secondsBefore(passed)
}

// secondsBefore counts the whole seconds before an offset from the start, those of
// the schedule: while the last requests are awaited no second begins.
func (g *generator) secondsBefore(offset time.Duration) int {
	return frame.Second(min(offset, (g.plan.Length + time.Second - 1).Truncate(time.Second)))
}

// openLoop issues every batch at its intended start, regardless of earlier ones.
func (g *generator) openLoop(ctx, stop context.Context, start time.Time) {
	s := schedule.New(schedule.Options{Workload: &g.plan.Workload, Seed: g.plan.Seed, Length: g.plan.Length, Times: g.plan.Times})
	p := newPacer(start)
	defer p.close()
	for {
		b, ok := s.Next()
		if !ok {
			g.reached.Store(math.MaxInt64)
			return
		}
		g.reached.Store(int64(b.At))
		if b.Number%int64(g.plan.Workload.Generators) != int64(g.plan.Index) {
			continue
		}
		if !p.wait(b.At, stop.Done(), ctx.Done()) {
			return
		}
		limit := g.limit
		if time.Since(start) > g.plan.giveUp() {
			limit = 0
		}
		if b.Count = g.begin(b, limit); b.Count == 0 {
			continue
		}
		select {
		case g.jobs <- b:
		default:
			g.workers.Go(func() { g.work(ctx, start, b) })
		}
	}
}

// begin notes the requests of a batch and gives how many of them have room; the
// others are counted as overflow.
func (g *generator) begin(b schedule.Batch, limit int) int {
	admitted := 0
	for i := range int64(b.Count) {
		if g.rec.Begin(b.At, g.stream.Command(b.First+i), limit) {
			admitted++
		} else {
			limit = 0 // the rest of the batch too, so that the requests sent have no gaps
		}
	}
	return admitted
}

// work carries out batches until there are no more: it is started for one, and
// stays for others.
func (g *generator) work(ctx context.Context, start time.Time, b schedule.Batch) {
	var buf []byte
	for ok := true; ok; b, ok = <-g.jobs {
		buf = g.carryOut(ctx, start, b, buf)
	}
}

// carryOut sends a batch, awaits its end and records it. It gives its buffer back.
func (g *generator) carryOut(ctx context.Context, start time.Time, b schedule.Batch, buf []byte) []byte {
	buf = buf[:0]
	requests := make([]request, b.Count)
	ends := make([]int, b.Count)
	for i := range requests {
		buf, requests[i].meta = g.stream.Append(buf, b.First+int64(i), b.At)
		ends[i] = len(buf)
	}
	from := 0
	for i := range requests {
		requests[i].calls = g.stream.Calls(buf[from:ends[i]], requests[i].meta)
		from = ends[i]
	}
	sent := time.Since(start)
	g.client.do(ctx, requests)
	done := time.Now()
	byRole := g.plan.Workload.Client.ReadsReplicas()
	for _, r := range requests {
		slot := r.meta.Slot
		if r.meta.Keyless && r.node.known {
			slot = r.node.slot // where the library has sent it
		}
		shard := g.plan.Target.ShardOf(slot)
		g.rec.End(frame.End{
			Command: r.meta.Command, Shard: shard, Intended: b.At, Sent: sent, Replied: done.Sub(start),
			Outcome: r.outcome, Class: r.class, Answered: classify.Answered(r.class), Retried: r.retried, Again: r.again,
			Read: r.meta.Reads, Missed: r.missed, ByRole: byRole && r.meta.Reads, Replica: r.node.replica,
		})
		if !r.meta.Write || r.meta.Keyless || g.plan.Seen == nil {
			continue
		}
		at := g.plan.Clock.At(done)
		if r.outcome == results.OK {
			g.plan.Seen.Good(shard, at, "")
		} else {
			g.plan.Seen.Bad(shard, g.plan.Clock.At(start.Add(sent)), at, r.class, "")
		}
	}
	return buf
}

// closedLoop keeps as many clients busy as limit has room for their pipelines:
// each sends its next batch when it has its answers. A request's intended start
// is its send, so that response times do not show the requests that a stall kept
// from being sent (coordinated omission).
func (g *generator) closedLoop(ctx, stop context.Context, start time.Time) {
	select {
	case <-time.After(time.Until(start)):
	case <-stop.Done():
	case <-ctx.Done():
	}
	w := &g.plan.Workload
	_, most := w.Pipeline.Range()
	clients := max(g.limit/most, 1)
	for c := range clients {
		g.workers.Go(func() {
			var buf []byte
			for i := int64(c); ctx.Err() == nil && stop.Err() == nil; i += int64(clients) {
				number := i*int64(w.Generators) + int64(g.plan.Index)
				b := schedule.BatchOf(w, g.plan.Seed, number)
				if g.plan.Requests > 0 && number*int64(most) >= g.plan.Requests {
					return
				}
				var more bool
				if b, more = g.beginNow(b, start); !more {
					return
				}
				if b.Count > 0 {
					buf = g.carryOut(ctx, start, b, buf)
				}
			}
		})
	}
	// Clients end by themselves: by the length, the number of requests, or a stop.
	// The drain's limit counts from then on, not from here.
	ended := make(chan struct{})
	go func() { g.workers.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-stop.Done():
	case <-ctx.Done():
	case <-time.After(time.Until(start.Add(g.plan.Length))):
	}
}

// beginNow notes the requests of a batch of a closed loop, which is due now; more is
// false when the time for that is over.
func (g *generator) beginNow(b schedule.Batch, start time.Time) (begun schedule.Batch, more bool) {
	g.gate.RLock()
	defer g.gate.RUnlock()
	if b.At = time.Since(start); b.At >= g.plan.Length {
		return b, false
	}
	b.Count = g.begin(b, g.limit)
	return b, true
}

// Warm implements Driver.
func (g *generator) Warm(ctx context.Context) error { return g.client.warm(ctx) }

// Describe implements Driver.
func (g *generator) Describe(ctx context.Context) (results.Client, error) {
	return g.client.describe(ctx)
}

// Progress implements Driver.
func (g *generator) Progress() frame.Progress { return g.rec.Progress() }

// Close implements Driver.
func (g *generator) Close(context.Context) (*results.Generator, error) {
	g.client.close()
	return nil, nil
}
