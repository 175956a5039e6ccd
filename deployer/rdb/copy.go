package rdb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/slotstorm/slotstorm/deployer"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// batch is about how many keys are under way at once.
const batch = 128

// entry is a key with its value, as DUMP serialises it; ttl is 0 without an expiry.
type entry struct {
	key, value string
	ttl        time.Duration
}

// Copy writes all keys to a cluster that is whole, with their expiries, and gives the figures.
// progress takes every whole percent, in order.
func (s *Source) Copy(ctx context.Context, c *deployer.Cluster, progress func(percent int)) (results.DataSet, error) {
	began, set := time.Now(), s.set
	to, err := connect(ctx, c)
	if err != nil {
		return set, err
	}
	defer to.close()
	var read, shown int64
	for cursor := uint64(0); ; {
		keys, next, err := s.client.Scan(ctx, cursor, "", batch).Result()
		if err != nil {
			return set, fmt.Errorf("reading the keys of %s: %w", s.file, err)
		}
		entries, err := s.dump(ctx, keys)
		if err != nil {
			return set, fmt.Errorf("reading the values of %s: %w", s.file, err)
		}
		for _, e := range entries {
			set.Bytes += int64(len(e.key) + len(e.value))
		}
		if err := s.restore(ctx, to, entries); err != nil {
			return set, err
		}
		read += int64(len(keys))
		if percent := min(100, 100*read/s.set.Keys); percent > shown {
			shown = percent
			progress(int(percent))
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	set.Keys, err = to.keys(ctx)
	set.Took = results.DurationOf(time.Since(began))
	return set, err
}

// dump reads values. Keys that have expired meanwhile are left out.
func (s *Source) dump(ctx context.Context, keys []string) ([]entry, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	pipe := s.client.Pipeline()
	values, ttls := make([]*redis.StringCmd, len(keys)), make([]*redis.DurationCmd, len(keys))
	for i, k := range keys {
		values[i], ttls[i] = pipe.Dump(ctx, k), pipe.PTTL(ctx, k)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	var list []entry
	for i, k := range keys {
		if err := errors.Join(values[i].Err(), ttls[i].Err()); err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("reading %q: %w", k, err)
		}
		// 0 is less than a millisecond, which RESTORE takes for no expiry.
		if ttl := ttls[i].Val(); values[i].Err() == nil && ttls[i].Err() == nil && ttl != expired && ttl != 0 {
			list = append(list, entry{k, values[i].Val(), max(0, ttls[i].Val())})
		}
	}
	return list, nil
}

// expired is the PTTL of a key that does not exist, as go-redis gives it.
const expired = time.Duration(-2)

// restore writes entries, to all primaries at once.
func (s *Source) restore(ctx context.Context, to *primaries, entries []entry) error {
	shares := map[int][]entry{}
	for _, e := range entries {
		shard := to.cluster.ServingShard(int(resp.Slot([]byte(e.key))))
		shares[shard] = append(shares[shard], e)
	}
	errs := make([]error, len(to.clients))
	var wg sync.WaitGroup
	for shard, share := range shares {
		wg.Go(func() { errs[shard] = s.write(ctx, to, shard, share) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err // those of the other shards say the same
		}
	}
	return nil
}

func (s *Source) write(ctx context.Context, to *primaries, shard int, entries []entry) error {
	pipe := to.clients[shard].Pipeline()
	for _, e := range entries {
		pipe.RestoreReplace(ctx, e.key, e.ttl, e.value)
	}
	replies, err := pipe.Exec(ctx)
	for i, r := range replies {
		if r.Err() == nil {
			continue
		}
		switch why := r.Err().Error(); {
		case strings.HasPrefix(why, "OOM "):
			return fmt.Errorf("%w: the keys of %s do not fit: %s has no memory for %.100q (%s): raise redis.config.maxmemory, or redis.shards", ErrFile, s.file, to.names[shard], entries[i].key, why)
		case strings.Contains(why, "DUMP payload version or checksum are wrong"):
			return fmt.Errorf("%w: %s does not read the values of %s, which reads %s: name a redis.binary that is not newer than the servers of the cluster", ErrFile, to.names[shard], s.server, s.file)
		default:
			return fmt.Errorf("writing %.100q of %s to %s: %w", entries[i].key, s.file, to.names[shard], r.Err())
		}
	}
	return err
}

// primaries are connections to the nodes that serve the shards, by shard.
type primaries struct {
	cluster *deployer.Cluster
	names   []string
	clients []*redis.Client
}

func connect(ctx context.Context, c *deployer.Cluster) (*primaries, error) {
	p := &primaries{cluster: c, names: make([]string, c.Shards), clients: make([]*redis.Client, c.Shards)}
	for _, role := range c.Roles(ctx) {
		if role.Primary && p.clients[role.Node.Shard] == nil {
			p.names[role.Node.Shard], p.clients[role.Node.Shard] = role.Node.Name, c.Client(role.Node, answerLimit)
		}
	}
	for shard := range c.PresentShards() {
		if p.clients[shard] == nil {
			p.close()
			return nil, fmt.Errorf("no node says that it is the primary of shard %d", shard)
		}
	}
	return p, nil
}

// keys counts what the cluster holds.
func (p *primaries) keys(ctx context.Context) (sum int64, err error) {
	for shard, cl := range p.clients {
		if cl == nil {
			continue
		}
		n, err := cl.DBSize(ctx).Result()
		if err != nil {
			return 0, fmt.Errorf("counting the keys of %s: %w", p.names[shard], err)
		}
		sum += n
	}
	return sum, nil
}

func (p *primaries) close() {
	for _, cl := range p.clients {
		if cl != nil {
			cl.Close()
		}
	}
}
