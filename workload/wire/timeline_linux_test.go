package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// application is a program on go-redis that writes versions to keys of its own
// and checks every version that it reads, as auditor does for wire.
type application struct {
	t    *testing.T
	name string
	c    *redis.ClusterClient
	// lost is the shard of the slots that lose their primary.
	lost func(slot uint16) bool

	requests, errs, reads, wrong atomic.Int64
	issued                       atomic.Int64
	mu                           sync.Mutex
	classes                      map[string]int
	good                         []time.Time // writes to the lost shard
}

// worker drives one part of the application's keys, one request at a time.
func (a *application) worker(ctx context.Context, number int, every time.Duration) {
	keys := make([]audited, 10)
	t := time.NewTicker(every)
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		i := n / 2 % len(keys)
		k, key := &keys[i], fmt.Sprintf("%s:%d:%d", a.name, number, i)
		a.requests.Add(1)
		a.issued.Add(1)
		var err error
		if n%2 == 0 {
			k.next++
			if err = a.c.Set(ctx, key, k.next, 0).Err(); err == nil {
				k.acked, k.maybe = k.next, nil
				a.wrote(key)
			} else {
				// The library may have sent it, once or more.
				if k.maybe == nil {
					k.maybe = map[int64]bool{}
				}
				k.maybe[k.next] = true
			}
		} else {
			var v int64
			v, err = a.c.Get(ctx, key).Int64()
			if errors.Is(err, redis.Nil) {
				err = nil
			}
			if err == nil {
				a.reads.Add(1)
				if v != k.acked && !k.maybe[v] {
					a.wrong.Add(1)
					a.t.Errorf("%s: %s holds %d, want %d or one of %v", a.name, key, v, k.acked, k.maybe)
				}
			}
		}
		if err != nil && ctx.Err() == nil {
			a.errs.Add(1)
			a.mu.Lock()
			word, _, _ := strings.Cut(err.Error(), " ")
			a.classes[word]++
			a.mu.Unlock()
		}
	}
}

func (a *application) wrote(key string) {
	if a.lost(resp.Slot([]byte(key))) {
		a.mu.Lock()
		a.good = append(a.good, time.Now())
		a.mu.Unlock()
	}
}

// after is when the first good write came after a moment.
func after(good []time.Time, at time.Time) (time.Duration, bool) {
	for _, t := range good {
		if t.After(at) {
			return t.Sub(at), true
		}
	}
	return 0, false
}

func (a *application) wroteAfter(at time.Time) (time.Duration, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return after(a.good, at)
}

// wireWrites notes when wire's writes to the lost shard succeed.
type wireWrites struct {
	*auditor
	lost func(slot uint16) bool
	slot map[uint64]uint16
	mu   *sync.Mutex
	good []time.Time
}

func (w *wireWrites) Next(buf []byte, at int64) ([]byte, Request, bool) {
	b, r, more := w.auditor.Next(buf, at)
	if r.Command == 1 && w.lost(r.Slot) {
		w.slot[r.Tag] = r.Slot
	}
	return b, r, more
}

func (w *wireWrites) Observe(tag uint64, o Outcome, r resp.Reply) {
	w.auditor.Observe(tag, o, r)
	if _, ok := w.slot[tag]; ok {
		delete(w.slot, tag)
		if o == OK {
			w.mu.Lock()
			w.good = append(w.good, time.Now())
			w.mu.Unlock()
		}
	}
}

func (w *wireWrites) wroteAfter(at time.Time) (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return after(w.good, at)
}

// clusterClient is go-redis with the options of a client profile.
func clusterClient(t *testing.T, profile string, addr string) *redis.ClusterClient {
	s, err := scenarios.Parse("test", []byte(`
apiVersion: slotstorm/v1
kind: Scenario
metadata: {name: test}
timeline: {phases: [{name: only, duration: 1s}]}
`), "workload.client.profile="+profile)
	if err != nil {
		t.Fatal(err)
	}
	o := s.Workload.Client.Options
	c := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: []string{addr}, DialTimeout: o.DialTimeout.Std(), ReadTimeout: o.ReadTimeout.Std(), WriteTimeout: o.WriteTimeout.Std(),
		PoolTimeout: o.PoolTimeout.Std(), MinRetryBackoff: o.MinRetryBackoff.Std(), MaxRetryBackoff: o.MaxRetryBackoff.Std(),
		ClusterStateReloadInterval: o.ClusterStateReloadInterval.Std(),
	})
	t.Cleanup(func() { c.Close() })
	return c
}

// Slots move under load and a primary dies. Through all of it no client gets a
// wrong answer: every value read is the last acknowledged one, or one of unknown
// fate. wire, and go-redis with default and with tuned options, live through the
// same minute on the same cluster; how each fares is logged, and stands in
// docs/measurements.md. With SLOTSTORM_SOAK it waits for all of them to recover.
func TestReshardAndFailoverThroughAllClients(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	redis.SetLogger(silence{})
	nodes := startCluster(t, 3)
	replica := replicaOf(t, nodes[2], nodes)
	// Slots move between the first two shards; the third loses its primary.
	lost := func(slot uint16) bool { return int(slot)*3/resp.Slots == 2 }

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running sync.WaitGroup
	story := &story{t: t, nodes: nodes, replica: replica, errsAtKill: map[string]int64{}}
	for _, profile := range []string{"default", "tuned"} {
		a := &application{t: t, name: "go-redis-" + profile, c: clusterClient(t, profile, nodes[0].addr), lost: lost, classes: map[string]int{}}
		story.applications = append(story.applications, a)
		for n := range 8 {
			running.Go(func() { a.worker(ctx, n, 20*time.Millisecond) })
		}
	}
	cfg := config(nodes[0].addr)
	// Every request of a timeout has room: a stall of this machine is no overflow.
	cfg.Cluster, cfg.Conns, cfg.Depth, cfg.MaxInFlight, cfg.Timeout = true, 4, 8, 1024, 2*time.Second
	w := &wireWrites{auditor: newAuditor(t, 0, 100), lost: lost, slot: map[uint64]uint16{}, mu: &sync.Mutex{}}
	story.wire = w
	cfg.NewSource = func(int) Source { return w }
	cfg.NewPacer = func(int) Pacer { return &steady{gap: 2_500_000, left: 1 << 30} }

	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		story.reshard(ctx)
		story.failOver(ctx)
	}()
	result, got := drive(t, ctx, cfg)
	<-done
	running.Wait()
	story.checkWire(result, got)
	story.checkApplications()
}

// story is what happens to a cluster under the load of three clients: slots move,
// then the third node is killed.
type story struct {
	t            *testing.T
	nodes        []*server
	replica      *server // of the third node
	wire         *wireWrites
	applications []*application // go-redis with default options, then tuned

	moved, killed time.Time
	errsAtKill    map[string]int64
}

// held waits until each client has sent some hundred requests.
func (s *story) held(ctx context.Context) {
	goal := s.wire.issued.Load() + 100
	await(s.t, "load to go on", func() bool { return s.wire.issued.Load() >= goal || ctx.Err() != nil })
}

// reshard moves slots of keys that the clients use.
func (s *story) reshard(ctx context.Context) {
	held := func() { s.held(ctx) }
	held()
	for i := range 12 {
		for _, key := range []string{"audit:0:" + strconv.Itoa(i), fmt.Sprintf("go-redis-default:%d:%d", i%8, i/8), fmt.Sprintf("go-redis-tuned:%d:%d", i%8, i/8)} {
			slot := resp.Slot([]byte(key))
			if shard := int(slot) * 3 / resp.Slots; shard == 0 {
				slotMove{slot, s.nodes[0], s.nodes[1]}.do(s.t, s.nodes, held)
			}
		}
	}
	s.moved = time.Now()
	held()
}

// failOver kills the third node and waits until the clients write to its shard
// again.
func (s *story) failOver(ctx context.Context) {
	for _, a := range s.applications {
		s.errsAtKill[a.name] = a.errs.Load()
	}
	// All that is acknowledged is on the replica when the primary dies: what a
	// failover loses is the server's matter, not the client's.
	s.nodes[2].do("CLIENT", "PAUSE", "5000", "WRITE")
	await(s.t, "replica to have it all", func() bool {
		return field(s.nodes[2].do("INFO", "replication").Text, "master_repl_offset") == field(s.replica.do("INFO", "replication").Text, "slave_repl_offset")
	})
	s.nodes[2].kill()
	s.killed = time.Now()
	recovered := func() bool {
		_, first := s.wire.wroteAfter(s.killed)
		_, tuned := s.applications[1].wroteAfter(s.killed)
		_, slow := s.applications[0].wroteAfter(s.killed)
		return first && tuned && (slow || os.Getenv("SLOTSTORM_SOAK") == "")
	}
	for deadline := s.killed.Add(90 * time.Second); !recovered() && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	s.held(ctx) // the load goes on after all have recovered
}

func (s *story) checkWire(result Result, got *sums) {
	c, w := result.Counts, s.wire
	back, ok := w.wroteAfter(s.killed)
	s.t.Logf("wire: %d requests, %d failed %d unknown %d overflow %v; %d MOVED %d ASK followed; %d values verified; wrote again after %v (%v)",
		c.Total(), c.Failed, c.Unknown, c.Overflow, classes(got.total.Errors), result.Stats.Moved, result.Stats.Asked, w.reads, back.Round(time.Millisecond), ok)
	if !ok || w.reads < 500 || result.Stats.Moved == 0 || result.Stats.Asked == 0 {
		s.t.Errorf("wire: recovered %v, %d values verified, %+v", ok, w.reads, result.Stats)
	}
	// Until the kill nothing goes wrong: a reshard costs redirects alone.
	until := int64(s.moved.Sub(result.Start))
	for _, e := range got.entries {
		if e.Done < until && e.Outcome != OK {
			s.t.Errorf("wire: during the reshard a request ended %s: %s", e.Outcome, e.Class)
		}
	}
}

func (s *story) checkApplications() {
	for i, a := range s.applications {
		back, ok := a.wroteAfter(s.killed)
		s.t.Logf("%s: %d requests, %d errors %v, of which %d before the kill; %d values verified, %d wrong; wrote again after %v (%v)",
			a.name, a.requests.Load(), a.errs.Load(), a.classes, s.errsAtKill[a.name], a.reads.Load(), a.wrong.Load(), back.Round(time.Millisecond), ok)
		if a.reads.Load() < 500 || a.wrong.Load() > 0 || i == 1 && !ok {
			s.t.Errorf("%s: %d values verified, %d wrong, recovered %v", a.name, a.reads.Load(), a.wrong.Load(), ok)
		}
	}
}

// silence takes what go-redis would print: what goes wrong is counted.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

func classes(errs [Classes]uint64) map[string]uint64 {
	m := map[string]uint64{}
	for c, n := range errs {
		if n > 0 {
			m[Class(c).String()] = n
		}
	}
	return m
}

// field is a line of INFO.
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
