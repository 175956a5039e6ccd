package wire

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// mix is GET and SET, half and half, of uniform keys with values of 64 bytes,
// count of them; tagged if asked.
type mix struct {
	keys   *Keys
	n      int64
	left   int64
	tagged bool
	random *rand.PCG
	value  []byte
	tag    uint64
	drawn  atomic.Int64
}

func newMix(seed int, keys, count int64) *mix {
	return &mix{keys: NewKeys("key:", keys), n: keys, left: count, random: rand.NewPCG(uint64(seed), 1),
		value: resp.AppendBulk(nil, make([]byte, 64))}
}

var getHead, setHead = []byte("*2\r\n$3\r\nGET\r\n"), []byte("*3\r\n$3\r\nSET\r\n")

func (m *mix) Next(buf []byte, _ int64) ([]byte, Request, bool) {
	if m.left == 0 {
		return buf, Request{}, false
	}
	m.left--
	m.drawn.Add(1)
	x := m.random.Uint64()
	var r Request
	if m.tagged {
		m.tag++
		r.Tag = m.tag
	}
	key := int64(x>>32) * m.n >> 32
	if x&1 == 0 {
		buf = append(buf, getHead...)
		buf, r.Slot = m.keys.AppendBulk(buf, key)
		return buf, r, true
	}
	buf = append(buf, setHead...)
	buf, r.Slot = m.keys.AppendBulk(buf, key)
	r.Command = 1
	return append(buf, m.value...), r, true
}

// steady is a constant rate from 0 on, for a number of requests.
type steady struct{ next, gap, left int64 }

func (s *steady) Next() (int64, bool) {
	ns := s.next
	s.next += s.gap
	s.left--
	return ns, s.left >= 0
}

// sums keeps what a run's seconds say.
type sums struct {
	t       *testing.T
	seq     int
	total   Second
	entries []Entry
}

func (s *sums) add(sec *Second) {
	if sec.Seq != s.seq {
		s.t.Errorf("second %d came where %d was due", sec.Seq, s.seq)
	}
	s.seq++
	s.entries = append(s.entries, sec.Entries...)
	most := max(s.total.InFlightMax, sec.InFlightMax) // merge adds those of cores
	s.total.merge(sec, 2)
	s.total.Entries, s.total.InFlightMax = nil, most
}

// drive runs a configuration to its end and checks what must hold for any run.
func drive(t *testing.T, ctx context.Context, cfg Config) (Result, *sums) {
	t.Helper()
	got := &sums{t: t}
	cfg.OnSecond = got.add
	e, err := New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	result, err := e.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if sum := got.total.Counts(); sum != result.Counts {
		t.Errorf("seconds sum to %+v, the result is %+v", sum, result.Counts)
	}
	var errs, timed uint64
	for _, n := range got.total.Errors {
		errs += n
	}
	for _, shard := range got.total.Cells {
		for i := range shard {
			timed += shard[i].Response.Total()
			if a, b := shard[i].Service.Total(), shard[i].Slip.Total(); a != shard[i].OK || b != a {
				t.Errorf("%d ok, but %d service times and %d slips", shard[i].OK, a, b)
			}
		}
	}
	if errs != result.Counts.Total()-result.Counts.OK || timed != result.Counts.OK || got.total.Completed != timed {
		t.Errorf("%+v, but %d errors, %d times, %d completed", result.Counts, errs, timed, got.total.Completed)
	}
	if got.total.Stats.Waits != result.Stats.Waits || got.total.Stats.Reads != result.Stats.Reads {
		t.Errorf("seconds' calls sum to %+v, the result says %+v", got.total.Stats, result.Stats)
	}
	return result, got
}

func TestClosedLoop(t *testing.T) {
	s := startRedis(t)
	for _, c := range []struct {
		name                                   string
		conns, depth, cores, protocol, perCore int
	}{
		{"one", 1, 1, 1, 2, 2000},
		{"eight", 8, 1, 1, 3, 20000},
		{"deep", 4, 16, 1, 2, 20000},
		{"two cores", 5, 3, 2, 3, 20000},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := config(s.addr)
			cfg.Conns, cfg.Depth, cfg.Cores, cfg.Protocol = c.conns, c.depth, c.cores, c.protocol
			cfg.NewSource = func(core int) Source { return newMix(core, 1000, int64(c.perCore)) }
			result, _ := drive(t, t.Context(), cfg)
			if want := (Counts{OK: uint64(c.perCore * c.cores)}); result.Counts != want {
				t.Errorf("got %+v, want %+v", result.Counts, want)
			}
			t.Logf("%v for %d requests, %+v", result.Elapsed, result.Counts.OK, result.Stats)
		})
	}
}

func TestOpenLoop(t *testing.T) {
	s := startRedis(t)
	cfg := config(s.addr)
	const n = 12000
	cfg.Conns, cfg.MaxInFlight = 4, n // room for any stall
	cfg.NewSource = func(core int) Source { m := newMix(core, 1000, 1<<40); m.tagged = true; return m }
	cfg.NewPacer = func(int) Pacer { return &steady{gap: 100_000, left: n} }
	result, got := drive(t, t.Context(), cfg)
	if want := (Counts{OK: n}); result.Counts != want {
		t.Errorf("got %+v, want %+v", result.Counts, want)
	}
	// A busy machine may take longer than the 1.2 s in which all of them are due.
	if len(got.entries) != n || got.seq < 2 {
		t.Fatalf("%d entries in %d seconds", len(got.entries), got.seq)
	}
	for _, e := range got.entries {
		if e.Intended != int64(e.Tag-1)*100_000 || e.Sent < e.Intended || e.Done <= e.Sent || e.Outcome != OK {
			t.Fatalf("entry %+v", e)
		}
	}
}
