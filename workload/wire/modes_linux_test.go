package wire

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/workload/resp"
)

// replicaOf starts a replica of a node of a cluster and waits until it follows.
func replicaOf(t *testing.T, primary *server, all []*server) *server {
	t.Helper()
	s := startRedis(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0")
	s.id = s.do("CLUSTER", "MYID").Text
	s.do("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(primary.port))
	await(t, "replica to know its primary", func() bool { return strings.Contains(s.do("CLUSTER", "NODES").Text, primary.id) })
	s.do("CLUSTER", "REPLICATE", primary.id)
	await(t, "replica to follow", func() bool { return strings.Contains(s.do("INFO", "replication").Text, "master_link_status:up") })
	for _, n := range all {
		await(t, "replica to be known", func() bool {
			for _, r := range n.do("CLUSTER", "SLOTS").List {
				for _, member := range r.List[3:] {
					if member.List[2].Text == s.id {
						return true
					}
				}
			}
			return false
		})
	}
	return s
}

// writes are SETs with a WAIT behind each.
type writes struct {
	left    int
	wait    uint8
	command []string
}

func (w *writes) Next(buf []byte, _ int64) ([]byte, Request, bool) {
	w.left--
	buf = resp.AppendCommandString(buf, "SET", "k", "v")
	return resp.AppendCommandString(buf, w.command...), Request{Command: 1, Replies: 2, Wait: w.wait, Slot: resp.Slot([]byte("k"))}, w.left >= 0
}

// The reply to WAIT decides: with the replica it is ok, without one the write
// stands on the primary alone, and its fate is unknown.
func TestWaitIsJudged(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	nodes := startCluster(t, 1)
	drive := func(want Counts, class Class) {
		t.Helper()
		cfg := config(nodes[0].addr)
		cfg.Cluster = true
		cfg.NewSource = func(int) Source { return &writes{left: 20, wait: 1, command: []string{"WAIT", "1", "20"}} }
		result, got := drive(t, t.Context(), cfg)
		if result.Counts != want || got.total.Errors[class] != uint64(want.Unknown) {
			t.Errorf("%+v, %v", result.Counts, got.total.Errors)
		}
	}
	drive(Counts{Unknown: 20}, ClassUnreplicated)
	replicaOf(t, nodes[0], nodes)
	drive(Counts{OK: 20}, NoError)
}

func TestCopiesAreRead(t *testing.T) {
	for _, tc := range []struct {
		reply       string
		wait, local uint8
		want        bool
	}{
		{":1\r\n", 1, 0, true},
		{":0\r\n", 1, 0, false},
		{"*2\r\n:1\r\n:2\r\n", 2, 1, true},
		{"*2\r\n:0\r\n:2\r\n", 2, 1, false},
		{"*2\r\n:1\r\n:1\r\n", 2, 1, false},
		{"*2\r\n:1\r\n$1\r\n1\r\n", 1, 1, false},
		{"+OK\r\n", 1, 0, false},
		{"*0\r\n", 0, 1, false},
	} {
		p := resp.NewParser(resp.DefaultLimits())
		r, n, err := p.Next([]byte(tc.reply))
		if n != len(tc.reply) || err != nil {
			t.Fatal(tc.reply, n, err)
		}
		if got := copied(r, &flight{wait: tc.wait, local: tc.local}); got != tc.want {
			t.Errorf("%q for %d and %d: %v", tc.reply, tc.wait, tc.local, got)
		}
	}
}

// Connections come and go, one by one and all at once, in open and closed loop,
// and every request is answered.
func TestConnectionsAreRetired(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	for _, open := range []bool{false, true} {
		nodes := startCluster(t, 2)
		cfg := config(nodes[0].addr)
		cfg.Cluster, cfg.Conns, cfg.Depth, cfg.Cores, cfg.MaxInFlight = true, 4, 4, 2, 4096
		cfg.Retire = func(core int) []Retirement {
			return []Retirement{
				{At: 10 * time.Millisecond, Every: 20 * time.Millisecond},
				{At: 300 * time.Millisecond, Every: 300 * time.Millisecond, All: true},
			}
		}
		if open {
			cfg.NewSource = func(core int) Source { return newMix(core, 500, 1<<40) }
			cfg.NewPacer = func(int) Pacer { return &steady{gap: 1_000_000, left: 1000} }
		} else {
			until := time.Now().Add(time.Second)
			cfg.NewSource = func(core int) Source { return &timed{newMix(core, 500, 1<<40), until} }
		}
		result, _ := drive(t, t.Context(), cfg)
		t.Logf("open loop %v: %+v %+v", open, result.Counts, result.Stats)
		if result.Counts.OK != result.Counts.Total() || result.Counts.OK < 1000 {
			t.Errorf("open loop %v: %+v", open, result.Counts)
		}
		// 16 at first, some 45 in turn on each core, and 16 at each storm.
		if result.Stats.Dials < 16+2*30+2*16 || result.Stats.Lost != 0 {
			t.Errorf("open loop %v: %+v", open, result.Stats)
		}
	}
}

// timed ends a source at a time.
type timed struct {
	Source
	until time.Time
}

func (s *timed) Next(buf []byte, at int64) ([]byte, Request, bool) {
	if time.Now().After(s.until) {
		return buf, Request{}, false
	}
	return s.Source.Next(buf, at)
}

// reader marks GETs as reads.
type reader struct{ Source }

func (s reader) Next(buf []byte, at int64) ([]byte, Request, bool) {
	b, r, more := s.Source.Next(buf, at)
	r.Read = r.Command == 0
	return b, r, more
}

// Reads go to replicas and writes do not; when the replica is gone the primary
// answers.
func TestReadsGoToReplicas(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	nodes := startCluster(t, 1)
	replica := replicaOf(t, nodes[0], nodes)
	run := func() (Result, int) {
		before := gets(replica)
		cfg := config(nodes[0].addr)
		cfg.Cluster, cfg.ReadReplicas, cfg.Conns, cfg.Depth, cfg.Protocol = true, true, 2, 4, 3
		cfg.NewSource = func(int) Source { return reader{newMix(0, 500, 4000)} }
		result, _ := drive(t, t.Context(), cfg)
		if replica.cmd.ProcessState != nil {
			return result, 0
		}
		return result, gets(replica) - before
	}
	result, n := run()
	if result.Counts.OK != 4000 || result.Counts.Total() != 4000 || result.Stats.Moved != 0 || n < 1800 || n > 2200 {
		t.Errorf("%+v, %+v, the replica answered %d", result.Counts, result.Stats, n)
	}
	nodes[0].do("CONFIG", "RESETSTAT")
	replica.kill()
	cfg := config(nodes[0].addr)
	cfg.Cluster, cfg.ReadReplicas, cfg.Conns, cfg.Depth = true, true, 2, 4
	cfg.NewSource = func(int) Source { return reader{newMix(0, 500, 4000)} }
	if result, _ := drive(t, t.Context(), cfg); result.Counts.OK != 4000 || result.Counts.Total() != 4000 {
		t.Errorf("without the replica: %+v", result.Counts)
	}
}

// A replica that is listed only after the load has begun gets reads, and its part is
// counted.
func TestReplicasAreFoundUnderLoad(t *testing.T) {
	t.Parallel()
	nodes := startCluster(t, 1)
	cfg := config(nodes[0].addr)
	cfg.Cluster, cfg.ReadReplicas, cfg.Conns = true, true, 2
	source := newMix(0, 500, 1<<40)
	cfg.NewSource = func(int) Source { return reader{source} }
	cfg.NewPacer = func(int) Pacer { return &steady{gap: 1_000_000, left: 1 << 40} } // 1,000/s
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var replica *server
	go func() {
		defer stop()
		await(t, "load to run", func() bool { return source.drawn.Load() > 100 })
		replica = replicaOf(t, nodes[0], nodes)
		await(t, "reads from the replica", func() bool { return gets(replica) > 50 })
	}()
	result, got := drive(t, ctx, cfg)
	if c := result.Counts; c.Failed+c.Unknown > 0 {
		t.Errorf("%+v, %v", result.Counts, got.total.Errors)
	}
	reads := uint64(0)
	for _, cells := range got.total.Cells {
		reads += cells[0].OK
	}
	if sum := got.total.PrimaryReads + got.total.ReplicaReads; sum != reads || got.total.ReplicaReads != uint64(gets(replica)) {
		t.Errorf("%d reads of primaries and %d of replicas are not %d, of which the replica had %d", got.total.PrimaryReads, got.total.ReplicaReads, reads, gets(replica))
	}
}

// gets is how many GETs a node has answered.
func gets(s *server) int {
	for line := range strings.Lines(s.do("INFO", "commandstats").Text) {
		if rest, ok := strings.CutPrefix(line, "cmdstat_get:calls="); ok {
			n, _, _ := strings.Cut(rest, ",")
			v, _ := strconv.Atoi(n)
			return v
		}
	}
	return 0
}

// Logical clients share connections: as many requests are under way as there are
// clients, on few connections.
func TestClientsShareConnections(t *testing.T) {
	s := startRedis(t)
	cfg := config(s.addr)
	cfg.Conns, cfg.Depth, cfg.Clients = 2, 50, 50
	cfg.NewSource = func(int) Source { return newMix(0, 500, 20_000) }
	result, got := drive(t, t.Context(), cfg)
	if result.Counts != (Counts{OK: 20_000}) || got.total.InFlightMax != 50 {
		t.Errorf("%+v, %d in flight", result.Counts, got.total.InFlightMax)
	}
	if n := result.Stats.Dials; n != 2 {
		t.Errorf("%d connections", n)
	}
	// Several requests travel in one write.
	if result.Stats.Writes > 10_000 {
		t.Errorf("%d writes for 20000 requests", result.Stats.Writes)
	}
}

// scripted calls a script that the server does not know.
type scripted struct{ left int }

func (s *scripted) Next(buf []byte, _ int64) ([]byte, Request, bool) {
	s.left--
	return resp.AppendCommandString(buf, "EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"), Request{Command: 1}, s.left >= 0
}

// A missing script is reported, and the refused requests have failed.
func TestAMissingScriptIsTold(t *testing.T) {
	s := startRedis(t)
	cfg := config(s.addr)
	var reported atomic.Int32
	cfg.OnNoScript = func() { reported.Add(1) }
	cfg.NewSource = func(int) Source { return &scripted{100} }
	result, got := drive(t, t.Context(), cfg)
	if result.Counts != (Counts{Failed: 100}) || got.total.Errors[ClassNoScript] != 100 || reported.Load() == 0 {
		t.Errorf("%+v, reported %d times", result.Counts, reported.Load())
	}
}
