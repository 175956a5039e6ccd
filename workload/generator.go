package workload

import (
	"context"
	"errors"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// generator drives its share of the schedule: every request whose index, modulo
// the number of generators, is its own.
type generator struct {
	index   int
	plan    Plan
	stream  *stream
	client  *goRedis
	rec     *recorder
	outages *watch
	limit   int // in flight
	// jobs hands requests to idle workers.
	jobs    chan job
	workers sync.WaitGroup
}

type job struct {
	index    int64
	intended time.Duration
	request  request
}

func newGenerator(p Plan, index int, outages *watch) (*generator, error) {
	g := &generator{
		index: index, plan: p, stream: newStream(p.Workload, p.Seed), client: newGoRedis(p.Target, p.Workload),
		outages: outages, jobs: make(chan job),
		// Every generator has its part of the limit; the first ones the rest.
		limit: (p.Workload.MaxInFlight + p.Workload.Generators - 1 - index) / p.Workload.Generators,
	}
	if g.limit < 1 {
		g.client.close()
		return nil, errors.New("maxInFlight gives it no request")
	}
	g.rec = newRecorder(index, g.stream.commands)
	return g, nil
}

// run drives the load that starts at start, and gives its frames to the sink.
func (g *generator) run(ctx, stop context.Context, start time.Time, p *probes) error {
	// Requests under way may end after the last was due; then they are cut.
	requests, cut := context.WithCancel(ctx)
	defer cut()
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
	give := func(f results.Frame, h map[string]*hdr.Histogram) error {
		if g.index == 0 {
			f.Probes = p.take(f.Seq)
		}
		return g.plan.Sink(f, start.Add(time.Duration(f.Seq)*time.Second), h)
	}
	var failed error
	for {
		select {
		case <-t.C:
			// A second is due once no more of its requests can be issued and
			// its probes are counted; the margin is for a late scheduler.
			due := secondOf(time.Since(start) - 200*time.Millisecond)
			if err := g.rec.collect(due, false, give); err != nil && failed == nil {
				failed = err
				cut()
			}
		case <-issued:
			end := min(time.Since(start)+time.Second-1, (g.plan.Length + time.Second - 1).Truncate(time.Second))
			return errors.Join(failed, g.rec.collect(secondOf(end), true, give))
		}
	}
}

// openLoop issues every request at its intended start, whatever became of the
// ones before.
func (g *generator) openLoop(ctx, stop context.Context, start time.Time) {
	w := g.plan.Workload
	s := newSchedule(w.Rate.PerSecond, w.Arrival, g.plan.Seed, g.plan.Length)
	p := newPacer(start)
	defer p.close()
	for {
		index, at, ok := s.next()
		if !ok {
			return
		}
		if index%int64(w.Generators) != int64(g.index) {
			continue
		}
		if !p.wait(at, stop.Done(), ctx.Done()) {
			return
		}
		j := job{index, at, g.stream.request(index)}
		if !g.rec.begin(at, j.request.command, g.limit) {
			continue
		}
		select {
		case g.jobs <- j:
		default:
			g.workers.Go(func() { g.work(ctx, start, j) })
		}
	}
}

// work carries out requests until there are no more: it is started for one, and
// stays for others.
func (g *generator) work(ctx context.Context, start time.Time, j job) {
	var key []byte
	for ok := true; ok; j, ok = <-g.jobs {
		key = g.carryOut(ctx, start, j, key)
	}
}

func (g *generator) carryOut(ctx context.Context, start time.Time, j job, key []byte) []byte {
	key = g.stream.appendKey(key[:0], j.request.key)
	command := g.stream.commands[j.request.command]
	sent := time.Since(start)
	outcome, class := g.client.do(ctx, command, string(key))
	done := time.Now()
	g.rec.end(j.request.command, j.intended, sent, done.Sub(start), outcome, class)
	if command == "SET" {
		shard := g.plan.Target.ShardOf(int(resp.Slot(key)))
		at := g.plan.Clock.At(done)
		if outcome == results.OK {
			g.outages.good(shard, at, "")
		} else {
			g.outages.bad(shard, g.plan.Clock.At(start.Add(sent)), at, class)
		}
	}
	return key
}

// closedLoop keeps limit requests under way: each client sends its next when it
// has its answer. A request's intended start is its send, so that response time
// hides what a stall would have done to the requests that were not sent.
func (g *generator) closedLoop(ctx, stop context.Context, start time.Time) {
	stride := int64(g.plan.Workload.Generators)
	for c := range g.limit {
		g.workers.Go(func() {
			var key []byte
			for i := int64(c); ctx.Err() == nil && stop.Err() == nil; i += int64(g.limit) {
				at := time.Since(start)
				if at >= g.plan.Length {
					return
				}
				index := i*stride + int64(g.index)
				j := job{index, at, g.stream.request(index)}
				g.rec.begin(at, j.request.command, g.limit)
				key = g.carryOut(ctx, start, j, key)
			}
		})
	}
	select {
	case <-stop.Done():
	case <-ctx.Done():
	case <-time.After(time.Until(start.Add(g.plan.Length))):
	}
}
