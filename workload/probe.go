package workload

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// probes write to every node of every shard at an interval, each node over a
// connection of its own. Whichever node takes the write is the one that serves
// the shard: no topology, no client library and no retry stands between.
type probes struct {
	target   Target
	interval time.Duration
	timeout  time.Duration
	clock    results.Clock
	start    time.Time
	keys     []string // by shard
	watch    *watch

	mu     sync.Mutex
	counts map[int]map[int]results.ProbeCount // second, shard
}

func newProbes(t Target, p scenarios.Probe, clock results.Clock, start time.Time) *probes {
	interval := p.Interval.Std()
	return &probes{
		target: t, interval: interval, timeout: p.Timeout.Std(), clock: clock, start: start,
		keys: probeKeys(t), counts: map[int]map[int]results.ProbeCount{},
		watch: newWatch(len(t.Shards), probeRule(interval).failing),
	}
}

// probeRule is for good writes that come every interval: four that are missing,
// with others going wrong, are no accident of scheduling.
func probeRule(interval time.Duration) rule {
	return rule{failing: 4*interval + 10*time.Millisecond, silent: time.Second, merge: 50 * time.Millisecond}
}

// probeKeys finds a key for each shard.
func probeKeys(t Target) []string {
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

// run probes until ctx ends.
func (p *probes) run(ctx context.Context) {
	var wg sync.WaitGroup
	for shard, members := range p.target.Shards {
		for _, m := range members {
			wg.Go(func() { p.node(ctx, shard, m) })
		}
	}
	wg.Wait()
}

func (p *probes) node(ctx context.Context, shard int, m Member) {
	t := time.NewTicker(p.interval)
	defer t.Stop()
	var c *conn
	defer func() { c.close() }()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		sent := p.clock.Now()
		class, err := "", error(nil)
		if c == nil {
			c, err = connect(ctx, p.target, m.Addr, p.timeout)
		}
		if err == nil {
			// What dialling took is not part of the write.
			sent = p.clock.Now()
			class, err = p.write(c, shard, n)
		}
		done := p.clock.Now()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			c.close()
			c = nil
			_, class = classify(err)
		}
		switch class {
		case "":
			p.watch.good(shard, done, m.Name)
			p.count(shard, done, true)
		case "MOVED":
			// A replica, as it should be: it says nothing about the shard.
		default:
			p.watch.bad(shard, sent, done, class, m.Name)
			p.count(shard, done, false)
		}
	}
}

// write writes the shard's probe key once; class is empty if the node took it.
func (p *probes) write(c *conn, shard, n int) (class string, err error) {
	r, err := c.do("SET", p.keys[shard], strconv.Itoa(n))
	if err != nil {
		return "", err
	}
	if r.Kind == resp.Error {
		return string(r.Prefix()), nil
	}
	return "", nil
}

func (p *probes) count(shard int, done results.Duration, ok bool) {
	sec := secondOf(p.clock.Start.Add(done.Std()).Sub(p.start))
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

// take gives the counts of a second, once.
func (p *probes) take(sec int) map[int]results.ProbeCount {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counts[sec]
	delete(p.counts, sec)
	return c
}

// replyError is an error reply, as an error.
type replyError string

func (e replyError) Error() string { return string(e) }
func (e replyError) RedisError()   {}

func errorOf(r resp.Reply) error {
	if r.Kind == resp.Error {
		return replyError(r.Body)
	}
	return nil
}

var errUnexpected = errors.New("unexpected reply")

func unexpected(r resp.Reply) error { return fmt.Errorf("%w: %s %.40q", errUnexpected, r.Kind, r.Body) }
