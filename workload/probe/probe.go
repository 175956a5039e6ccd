// Package probe writes to every node of every shard, to see from outside any client
// library which one accepts writes.
package probe

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/classify"
	"github.com/slotstorm/slotstorm/workload/conn"
	"github.com/slotstorm/slotstorm/workload/frame"
	"github.com/slotstorm/slotstorm/workload/gaps"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/servers"
)

// Probes write to every node of every shard at an interval, each node over a
// connection of its own. The node that takes the write is the one that serves the
// shard: the result depends on no topology, client library or retry.
type Probes struct {
	target   servers.Target
	interval time.Duration
	timeout  time.Duration
	clock    results.Clock
	start    time.Time
	keys     []string // by shard
	Watch    *gaps.Watch
	// good is when each shard took its last good write.
	good []atomic.Int64

	mu     sync.Mutex
	counts map[int]map[int]results.ProbeCount // second, shard
}

// New makes probes that count by seconds from start.
func New(t servers.Target, p scenarios.Probe, clock results.Clock, start time.Time) *Probes {
	interval := p.Interval.Std()
	return &Probes{
		target: t, interval: interval, timeout: p.Timeout.Std(), clock: clock, start: start,
		keys: probeKeys(t), counts: map[int]map[int]results.ProbeCount{},
		Watch: gaps.NewWatch(len(t.Shards), Rule(interval).Failing),
		good:  make([]atomic.Int64, len(t.Shards)),
	}
}

// Rule is for good writes that come every interval: four that are missing,
// with others going wrong, are no accident of scheduling.
func Rule(interval time.Duration) gaps.Rule {
	return gaps.Rule{Failing: 4*interval + 10*time.Millisecond, Silent: time.Second, Merge: 50 * time.Millisecond}
}

// probeKeys finds a key for each shard, in the first half of its slots: operations move the
// last ones to other shards, and a probe stands for the shard that it began with.
func probeKeys(t servers.Target) []string {
	owned, stays := make([]int, len(t.Shards)), [resp.Slots]bool{}
	for slot := range stays {
		owned[t.ShardOf(slot)]++
	}
	met := make([]int, len(t.Shards))
	for slot := range stays {
		shard := t.ShardOf(slot)
		met[shard]++
		stays[slot] = met[shard] <= (owned[shard]+1)/2
	}
	keys := make([]string, len(t.Shards))
	for i, missing := 0, len(keys); missing > 0; i++ {
		key := "slotstorm:probe:" + strconv.Itoa(i)
		slot := int(resp.Slot([]byte(key)))
		if shard := t.ShardOf(slot); stays[slot] && keys[shard] == "" {
			keys[shard] = key
			missing--
		}
	}
	return keys
}

// Run probes until ctx ends.
func (p *Probes) Run(ctx context.Context) {
	begun := p.clock.Now()
	p.Watch.Begin(begun)
	for shard := range p.good {
		p.good[shard].Store(int64(begun))
	}
	var wg sync.WaitGroup
	for shard, members := range p.target.Shards {
		for _, m := range members {
			wg.Go(func() { p.node(ctx, shard, m) })
		}
	}
	wg.Wait()
}

// node probes one node at every interval: for its shard, and for others whose own nodes
// take no writes. A replica may have moved there, and have become the primary.
func (p *Probes) node(ctx context.Context, shard int, m servers.Member) {
	t := time.NewTicker(p.interval)
	defer t.Stop()
	v := visit{p: p, m: m, took: make([]bool, len(p.keys))}
	defer func() { v.c.Close() }()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if !p.target.Has(m.Name) {
			v.c.Close()
			v.c = nil
			continue
		}
		sent, class, by := v.write(ctx, shard, n)
		done := p.clock.Now()
		if ctx.Err() != nil {
			return
		}
		if !p.target.Has(m.Name) {
			continue // it has left meanwhile
		}
		switch class {
		case "":
			p.took(shard, done, by)
		case "MOVED":
			// A replica, as it should be.
			p.Watch.Elsewhere(shard, sent, m.Name)
		default:
			p.Watch.Bad(shard, sent, done, class, m.Name)
			p.count(shard, done, false)
		}
		for other := range p.keys {
			if other != shard && v.c != nil && (v.took[other] || p.silent(other)) {
				v.abroad(ctx, other, n)
			}
		}
	}
}

// visit is a node that is probed, over its connection; nil while there is none.
type visit struct {
	p *Probes
	m servers.Member
	c *conn.Conn
	// took are the other shards of which it took the last write.
	took []bool
}

// write writes a shard's probe key to the node, and gives when it was sent, the class of what
// went wrong, and which node took it: where the key's slot is moving, its owner may send the
// write to the other one, as it sends every client.
func (v *visit) write(ctx context.Context, shard, n int) (sent results.Duration, class, by string) {
	sent = v.p.clock.Now()
	var err error
	if v.c == nil {
		v.c, err = conn.Connect(ctx, v.p.target.Dialer, v.m.Addr, v.p.timeout)
	}
	if err == nil {
		// The time to dial is not part of the write.
		sent = v.p.clock.Now()
		var r resp.Reply
		if r, err = v.c.Do("SET", v.p.keys[shard], strconv.Itoa(n)); err == nil && r.Kind == resp.Error {
			class = string(r.Prefix())
			if to, ok := resp.ParseRedirect(r.Body); ok && to.Ask {
				return v.ask(ctx, to.Addr(v.m.Addr), shard, n)
			}
		}
	}
	if err != nil {
		v.c.Close()
		v.c = nil
		_, class = classify.Error(err)
	}
	return sent, class, v.m.Name
}

// ask writes a shard's probe key to the node that is taking its slot, over a connection of its
// own.
func (v *visit) ask(ctx context.Context, addr string, shard, n int) (sent results.Duration, class, by string) {
	sent, by = v.p.clock.Now(), v.p.target.Member(addr).Name
	c, err := conn.Connect(ctx, v.p.target.Dialer, addr, v.p.timeout)
	if err == nil {
		defer c.Close()
		_, err = c.Do("ASKING")
	}
	var r resp.Reply
	if err == nil {
		r, err = c.Do("SET", v.p.keys[shard], strconv.Itoa(n))
	}
	switch {
	case err != nil:
		_, class = classify.Error(err)
	case r.Kind == resp.Error:
		class = string(r.Prefix())
	}
	return sent, class, by
}

// abroad writes to the node for a shard that it was not deployed into. Only that it took
// the write counts: what goes wrong says nothing of that shard.
func (v *visit) abroad(ctx context.Context, shard, n int) {
	_, class, by := v.write(ctx, shard, n)
	v.took[shard] = class == ""
	if class == "" && ctx.Err() == nil {
		v.p.took(shard, v.p.clock.Now(), by)
	}
}

// took notes a good write.
func (p *Probes) took(shard int, done results.Duration, node string) {
	p.good[shard].Store(int64(done))
	p.Watch.Good(shard, done, node)
	p.count(shard, done, true)
}

// silent reports whether no node has taken a write of a shard for as long as makes an
// outage.
func (p *Probes) silent(shard int) bool {
	return p.clock.Now()-results.Duration(p.good[shard].Load()) > results.DurationOf(Rule(p.interval).Failing)
}

func (p *Probes) count(shard int, done results.Duration, ok bool) {
	sec := frame.Second(p.clock.Start.Add(done.Std()).Sub(p.start))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.counts[sec] == nil {
		p.counts[sec] = map[int]results.ProbeCount{}
	}
	c := p.counts[sec][shard]
	if ok {
		c.OK++
	} else {
		c.Bad++
	}
	p.counts[sec][shard] = c
}

// Take gives the counts of a second, once, with those of earlier seconds that a late
// scheduler had not counted when their own were taken.
func (p *Probes) Take(sec int) map[int]results.ProbeCount {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum map[int]results.ProbeCount
	for second, shards := range p.counts {
		if second > sec {
			continue
		}
		delete(p.counts, second)
		if sum == nil {
			sum = shards
			continue
		}
		for shard, c := range shards {
			sum[shard] = results.ProbeCount{OK: sum[shard].OK + c.OK, Bad: sum[shard].Bad + c.Bad}
		}
	}
	return sum
}
