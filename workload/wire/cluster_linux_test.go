package wire

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// auditor writes versions to keys and checks every version that it reads. A key
// has one request under way at a time, so what it must hold is known: the last
// version acknowledged, or one since then whose fate is unknown.
type auditor struct {
	t      *testing.T
	name   string
	random *rand.PCG
	keys   []audited
	flying map[uint64]int // key by tag
	tag    uint64
	issued atomic.Int64
	reads  int
}

type audited struct {
	busy    bool
	writing bool
	next    int64
	acked   int64
	maybe   map[int64]bool
}

func newAuditor(t *testing.T, core, keys int) *auditor {
	return &auditor{t: t, name: fmt.Sprintf("audit:%d:", core), random: rand.NewPCG(7, uint64(core)),
		keys: make([]audited, keys), flying: map[uint64]int{}}
}

// beside is the index of no key: a request that is not audited.
const beside = -1

func (a *auditor) Next(buf []byte, _ int64) ([]byte, Request, bool) {
	x := a.random.Uint64()
	i := int(x>>1) % len(a.keys)
	a.tag++
	a.issued.Add(1)
	for passed := 0; a.keys[i].busy; passed++ {
		if passed == len(a.keys) {
			// So much is due after a stall: the replies that free a key come after it.
			a.flying[a.tag] = beside
			key := a.name + "beside"
			return resp.AppendCommandString(buf, "GET", key), Request{Tag: a.tag, Slot: resp.Slot([]byte(key))}, true
		}
		i = (i + 1) % len(a.keys)
	}
	k := &a.keys[i]
	a.flying[a.tag] = i
	k.busy, k.writing = true, x&1 == 0
	key := a.name + strconv.Itoa(i)
	r := Request{Tag: a.tag, Slot: resp.Slot([]byte(key))}
	if !k.writing {
		return resp.AppendCommandString(buf, "GET", key), r, true
	}
	r.Command = 1
	k.next++
	return resp.AppendCommandString(buf, "SET", key, strconv.FormatInt(k.next, 10)), r, true
}

func (a *auditor) Observe(tag uint64, o Outcome, r resp.Reply) {
	i, ok := a.flying[tag]
	if !ok {
		a.t.Errorf("tag %d ended twice", tag)
		return
	}
	delete(a.flying, tag)
	if i == beside {
		return
	}
	k := &a.keys[i]
	k.busy = false
	switch {
	case k.writing && o == OK:
		k.acked, k.maybe = k.next, nil
	case k.writing && o == Unknown:
		if k.maybe == nil {
			k.maybe = map[int64]bool{}
		}
		k.maybe[k.next] = true
	case k.writing:
	case o == OK:
		a.reads++
		var v int64
		if r.Kind != resp.Null {
			v, _ = strconv.ParseInt(string(r.Body), 10, 64)
		}
		if v != k.acked && !k.maybe[v] {
			a.t.Errorf("key %d holds %q, want %d or one of %v", i, r.Body, k.acked, k.maybe)
		}
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	nodes := startCluster(t, 3)
	for _, protocol := range []int{2, 3} {
		cfg := config(nodes[1].addr)
		cfg.Cluster, cfg.Conns, cfg.Depth, cfg.Cores, cfg.Protocol = true, 4, 4, 2, protocol
		cfg.NewSource = func(core int) Source { return newMix(core, 5000, 20000) }
		result, got := drive(t, t.Context(), cfg)
		if want := (Counts{OK: 40000}); result.Counts != want || result.Stats.Moved != 0 {
			t.Errorf("got %+v, %+v", result.Counts, result.Stats)
		}
		if len(got.total.Cells) != 3 {
			t.Fatalf("%d shards", len(got.total.Cells))
		}
		for shard, cells := range got.total.Cells {
			if n := cells[0].OK + cells[1].OK; n < 12000 || n > 15000 {
				t.Errorf("shard %d has %d of 40000 requests", shard, n)
			}
		}
	}
}

// slotMove takes a slot from one node to another.
type slotMove struct {
	slot     uint16
	from, to *server
}

// do moves the slot as redis-cli does. held is called while the slot is open and
// its keys have moved.
func (m slotMove) do(t *testing.T, all []*server, held func()) {
	t.Helper()
	from, to := m.from, m.to
	s := strconv.Itoa(int(m.slot))
	to.do("CLUSTER", "SETSLOT", s, "IMPORTING", from.id)
	from.do("CLUSTER", "SETSLOT", s, "MIGRATING", to.id)
	migrate := func() int {
		keys := from.do("CLUSTER", "GETKEYSINSLOT", s, "100").List
		if len(keys) > 0 {
			args := []string{"MIGRATE", "127.0.0.1", strconv.Itoa(to.port), "", "0", "5000", "REPLACE", "KEYS"}
			for _, k := range keys {
				args = append(args, k.Text)
			}
			from.do(args...)
		}
		return len(keys)
	}
	for migrate() > 0 {
	}
	held()
	to.do("CLUSTER", "SETSLOT", s, "NODE", to.id)
	from.do("CLUSTER", "SETSLOT", s, "NODE", to.id)
	for _, n := range all {
		if n != to && n != from {
			n.do("CLUSTER", "SETSLOT", s, "NODE", to.id)
		}
	}
}

// Slots move away and back under load. Every value read is right, every request
// ends ok, and both kinds of redirect were met.
func TestReshard(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	nodes := startCluster(t, 3)
	cfg := config(nodes[0].addr)
	cfg.Cluster, cfg.Conns, cfg.Depth, cfg.Cores = true, 2, 2, 2
	cfg.Timeout = 10 * time.Second
	auditors := []*auditor{newAuditor(t, 0, 100), newAuditor(t, 1, 100)}
	cfg.NewSource = func(core int) Source { return auditors[core] }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		// 200 requests a core pass while a slot is open, over 100 keys a core.
		held := func() {
			for _, a := range auditors {
				want := a.issued.Load() + 200
				await(t, "load to go on", func() bool { return a.issued.Load() >= want || ctx.Err() != nil })
			}
		}
		for _, back := range []bool{false, true} {
			for i := range 15 {
				slot := resp.Slot([]byte("audit:0:" + strconv.Itoa(i)))
				from := nodes[int(slot)*3/resp.Slots]
				to := nodes[(int(slot)*3/resp.Slots+1)%3]
				if back {
					from, to = to, from
				}
				slotMove{slot, from, to}.do(t, nodes, held)
			}
		}
	}()
	result, got := drive(t, ctx, cfg)
	<-done
	reads := auditors[0].reads + auditors[1].reads
	t.Logf("%+v, %+v, %d values verified", result.Counts, result.Stats, reads)
	if result.Counts.Total() != result.Counts.OK {
		t.Errorf("got %+v, %v", result.Counts, got.total.Errors)
	}
	if result.Stats.Asked == 0 || result.Stats.Moved == 0 || reads < 1000 {
		t.Errorf("%d asked, %d moved, %d reads", result.Stats.Asked, result.Stats.Moved, reads)
	}
}

// A node is killed in an open loop: what flew is unknown, what was refused has
// failed, and everything is accounted for.
func TestKilledNode(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	nodes := startCluster(t, 3, "--cluster-require-full-coverage", "no")
	cfg := config(nodes[0].addr)
	cfg.Cluster, cfg.Conns, cfg.Depth, cfg.MaxInFlight = true, 4, 8, 256
	cfg.Timeout = 500 * time.Millisecond
	const n = 30000
	source := newMix(0, 5000, 1<<40)
	cfg.NewSource = func(int) Source { return source }
	cfg.NewPacer = func(int) Pacer { return &steady{gap: 100_000, left: n} } // 3 s at 10,000/s
	go func() {
		await(t, "load to run", func() bool { return source.drawn.Load() > 10_000 })
		// Stopped first, so that requests are under way for certain when it dies.
		nodes[2].signal(syscall.SIGSTOP)
		await(t, "load to run into it", func() bool { return source.drawn.Load() > 11_000 })
		nodes[2].kill()
	}()
	result, got := drive(t, t.Context(), cfg)
	c := result.Counts
	t.Logf("%+v, %v, %+v", c, got.total.Errors, result.Stats)
	if c.Total() != n {
		t.Errorf("%d of %d requests ended", c.Total(), n)
	}
	reset := got.total.Errors[ClassEOF] + got.total.Errors[ClassReset]
	// A killed process closes its connections before its listening socket: the
	// kernel may accept each connection once more and break that too.
	lost := result.Stats.Lost
	if c.Unknown == 0 || c.Unknown > lost*8 || lost > 2*4 || c.Unknown != reset {
		t.Errorf("%d unknown of which %d by the %d broken connections; at most 8 can have been under way on each of at most 8", c.Unknown, reset, lost)
	}
	if refused := got.total.Errors[ClassDial]; refused < 1000 {
		t.Errorf("%d failed to reach the dead node", refused)
	}
	for shard, cells := range got.total.Cells[:2] {
		if bad := cells[0].Unknown + cells[1].Unknown; bad != 0 {
			t.Errorf("shard %d, which lived, has %d unknown", shard, bad)
		}
	}
}

// A server that hangs costs what is under way, as unknown, and no more time than
// the timeout.
func TestTimeout(t *testing.T) {
	s := startRedis(t)
	cfg := config(s.addr)
	cfg.Conns, cfg.Depth, cfg.MaxInFlight, cfg.Timeout = 2, 4, 100, 200*time.Millisecond
	source := newMix(0, 100, 1<<40)
	cfg.NewSource = func(int) Source { return source }
	cfg.NewPacer = func(int) Pacer { return &steady{gap: 1_000_000, left: 1500} }
	go func() {
		await(t, "load to run", func() bool { return source.drawn.Load() > 300 })
		s.signal(syscall.SIGSTOP)
		await(t, "stall to last", func() bool { return source.drawn.Load() > 1000 })
		s.signal(syscall.SIGCONT)
	}()
	result, got := drive(t, t.Context(), cfg)
	c, errs := result.Counts, got.total.Errors
	t.Logf("%+v, %v", c, errs)
	if c.Total() != 1500 || c.Unknown < 8 || c.Unknown != errs[ClassTimeout] || c.OK < 700 {
		t.Errorf("got %+v, %v", c, errs)
	}
	if result.Elapsed > 3*time.Second {
		t.Errorf("took %v", result.Elapsed)
	}
}

// After a stall more requests are due at once than the auditor has keys.
func TestTheAuditorHasMoreRequestsThanKeys(t *testing.T) {
	t.Parallel()
	a := newAuditor(t, 0, 3)
	for range 5 {
		if _, _, more := a.Next(nil, 0); !more {
			t.Fatal("no request")
		}
	}
	for tag := range uint64(5) {
		a.Observe(tag+1, Failed, resp.Reply{})
	}
	if len(a.flying) > 0 || a.keys[0].busy || a.keys[1].busy || a.keys[2].busy {
		t.Errorf("%v fly, %+v", a.flying, a.keys)
	}
}
