package wire

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Engine is a load that is ready to run, once.
type Engine struct {
	cfg     Config
	control *control
}

// New checks the configuration and reads the topology. The error names all that
// is wrong with the configuration, or why no node answered.
func New(ctx context.Context, cfg Config) (*Engine, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg}
	e.control = newControl(&e.cfg)
	if err := e.control.read(ctx, false); err != nil {
		return nil, err
	}
	return e, nil
}

// Shards is the number of shards in the topology as New read it; 1 without a
// cluster.
func (e *Engine) Shards() int { return len(e.control.latest.Load().primaries) }

// Run connects, drives the load and returns when the schedule or the sources are
// at their end, or ctx is, and every request has ended. After ctx is done no
// request begins, and those under way have up to Config.Timeout. A closed loop
// draws some requests ahead; those that never began are not counted. The error is
// one of setting up: what servers do is in the Result.
func (e *Engine) Run(ctx context.Context) (Result, error) {
	var stop atomic.Bool
	defer context.AfterFunc(ctx, func() { stop.Store(true) })()
	// Connections and topology outlive ctx until the last request has ended.
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()

	base := time.Now()
	loops, err := e.newLoops(background, base, &stop)
	if err != nil {
		return Result{}, err
	}
	recorders := make([]*recorder, len(loops))
	for i, l := range loops {
		recorders[i] = l.rec
	}

	var beside sync.WaitGroup
	beside.Go(func() { e.control.run(background) })
	var result Result
	merged := make(chan struct{})
	go func() {
		defer close(merged)
		merge(recorders, func(s *Second) {
			result.Counts.add(s.Counts())
			e.cfg.OnSecond(s)
		})
	}()
	start, err := e.runLoops(loops, base)
	result.Start = start
	<-merged
	cancel()
	beside.Wait()
	for _, l := range loops {
		result.Stats = result.Stats.plus(l.stats)
		result.Elapsed = max(result.Elapsed, time.Duration(l.lastDone))
	}
	if err != nil {
		return result, fmt.Errorf("wire: timers: %w", err)
	}
	return result, nil
}

// newLoops makes the loop of each core, or none.
func (e *Engine) newLoops(ctx context.Context, base time.Time, stop *atomic.Bool) ([]*loop, error) {
	loops := make([]*loop, e.cfg.Cores)
	for i := range loops {
		l, err := e.newLoop(ctx, i, base, stop)
		if err != nil {
			for _, made := range loops[:i] {
				made.close()
			}
			return nil, err
		}
		loops[i] = l
	}
	return loops, nil
}

// runLoops runs each loop on a thread of its own, starts the load when all are
// connected, and returns its start when all have ended.
func (e *Engine) runLoops(loops []*loop, base time.Time) (start time.Time, err error) {
	var ready, running sync.WaitGroup
	begin := make(chan time.Time, len(loops))
	errs := make([]error, len(loops))
	ready.Add(len(loops))
	for i, l := range loops {
		running.Go(func() {
			// The thread outlives the loop: if it ended, so would processes that were
			// started from it with a parent-death signal.
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			errs[i] = setTimerSlack(1)
			defer func() { _ = setTimerSlack(0) }() // what could be set can be set back
			l.connectAll(e.deadline(base))
			ready.Done()
			l.start = int64((<-begin).Sub(base))
			l.run()
			l.close()
		})
	}
	ready.Wait()
	start = e.cfg.Start
	if start.IsZero() {
		start = time.Now()
	}
	for range loops {
		begin <- start
	}
	running.Wait()
	return start, errors.Join(errs...)
}

// deadline is how long loops wait for their connections before the load starts.
func (e *Engine) deadline(base time.Time) int64 {
	if e.cfg.Start.IsZero() {
		return int64(e.cfg.Timeout) * 2
	}
	return int64(e.cfg.Start.Sub(base))
}

// portion is the core's part of n.
func portion(n, core, cores int) int {
	part := n / cores
	if core < n%cores {
		part++
	}
	return part
}

func (e *Engine) newLoop(ctx context.Context, core int, base time.Time, stop *atomic.Bool) (*loop, error) {
	poll, err := newEpoll(eventsAtOnce)
	if err != nil {
		return nil, fmt.Errorf("wire: epoll: %w", err)
	}
	cfg := &e.cfg
	l := &loop{
		cfg: cfg, ctx: ctx, core: core, control: e.control, stop: stop, base: base, poll: poll,
		source: cfg.NewSource(core), closedLoop: cfg.NewPacer == nil,
		share: portion(cfg.Conns, core, cfg.Cores), limit: portion(cfg.MaxInFlight, core, cfg.Cores),
		clients: portion(cfg.Clients, core, cfg.Cores), retire: retirements(cfg, core), missed: -int64(longTick),
		spin: int64(cfg.Spin), every: int64(min(longTick, max(cfg.Timeout/10, time.Millisecond))),
		far:    max(min(farTick, cfg.Timeout/2), time.Millisecond),
		byAddr: map[string]uint16{}, rec: newRecorder(len(cfg.Commands)),
		draft: make([]byte, 0, 4<<10), hold: make([]byte, 0, 4<<10), again: newOutbox(16, 1<<10),
	}
	l.observer, _ = l.source.(Observer)
	if !l.closedLoop {
		l.pacer = cfg.NewPacer(core)
	}
	if l.numbered = cfg.ShardOf != nil; l.numbered {
		for slot := range l.shards {
			l.shards[slot] = uint16(cfg.ShardOf(slot))
		}
	}
	l.nodes = []*node{l.nowhere()}
	return l, nil
}
