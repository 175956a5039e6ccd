// Package probe writes to every node of every shard, to see from outside any client
// library which one accepts writes.
package probe

import (
	"context"
	"strconv"
	"sync"
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
	}
}

// Rule is for good writes that come every interval: four that are missing,
// with others going wrong, are no accident of scheduling.
func Rule(interval time.Duration) gaps.Rule {
	return gaps.Rule{Failing: 4*interval + 10*time.Millisecond, Silent: time.Second, Merge: 50 * time.Millisecond}
}

// probeKeys finds a key for each shard.
func probeKeys(t servers.Target) []string {
	keys := make([]string, len(t.Shards))
	for i, missing := 0, len(keys); missing > 0; i++ {
		key := "slotstorm:probe:" + strconv.Itoa(i)
		if shard := t.ShardOf(int(resp.Slot([]byte(key)))); keys[shard] == "" {
			keys[shard] = key
			missing--
		}
	}
	return keys
}

// Run probes until ctx ends.
func (p *Probes) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for shard, members := range p.target.Shards {
		for _, m := range members {
			wg.Go(func() { p.node(ctx, shard, m) })
		}
	}
	wg.Wait()
}

func (p *Probes) node(ctx context.Context, shard int, m servers.Member) {
	t := time.NewTicker(p.interval)
	defer t.Stop()
	var c *conn.Conn
	defer func() { c.Close() }()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		sent := p.clock.Now()
		class, err := "", error(nil)
		if c == nil {
			c, err = conn.Connect(ctx, p.target.Dialer, m.Addr, p.timeout)
		}
		if err == nil {
			// The time to dial is not part of the write.
			sent = p.clock.Now()
			class, err = p.write(c, shard, n)
		}
		done := p.clock.Now()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			c.Close()
			c = nil
			_, class = classify.Error(err)
		}
		switch class {
		case "":
			p.Watch.Good(shard, done, m.Name)
			p.count(shard, done, true)
		case "MOVED":
			// A replica, as it should be: it says nothing about the shard.
		default:
			p.Watch.Bad(shard, sent, done, class, m.Name)
			p.count(shard, done, false)
		}
	}
}

// write writes the shard's probe key once; class is empty if the node took it.
func (p *Probes) write(c *conn.Conn, shard, n int) (class string, err error) {
	r, err := c.Do("SET", p.keys[shard], strconv.Itoa(n))
	if err != nil {
		return "", err
	}
	if r.Kind == resp.Error {
		return string(r.Prefix()), nil
	}
	return "", nil
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
