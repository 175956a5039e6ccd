package workload

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/conn"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/servers"
	"github.com/slotstorm/slotstorm/workload/stream"
)

// Sizes of a prefill's pipelines: commands at a time, and bytes, whichever comes
// first.
const (
	fillDepth   = 512
	fillBytes   = 256 << 10
	fillTimeout = 30 * time.Second
)

// Prefill writes the keys that the workload asks for, pipelined, each to the
// primary of its shard, over a connection of its own for each shard. progress takes
// every whole percent, in order, from one goroutine at a time. The topology must not
// change meanwhile: a refusal is an error.
func Prefill(ctx context.Context, t servers.Target, w *scenarios.Workload, seed uint64, progress func(percent int)) error {
	s, err := stream.New(w, seed)
	if err != nil {
		return err
	}
	f := filler{target: t, stream: s, total: s.Fills(), progress: progress}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for shard := range t.Shards {
		wg.Go(func() {
			if err := f.shard(ctx, shard); err != nil {
				cancel(fmt.Errorf("prefill of shard %d: %w", shard, err))
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

type filler struct {
	target   servers.Target
	stream   *stream.Stream
	total    int64
	progress func(percent int)

	done     atomic.Int64
	mu       sync.Mutex
	reported int
}

// shard writes those commands whose slots the shard serves. Every shard's
// goroutine makes all of them, which is cheap beside what Redis does with its own.
func (f *filler) shard(ctx context.Context, shard int) error {
	c, err := f.primary(ctx, shard)
	if err != nil {
		return err
	}
	defer c.Close()
	var buf []byte
	depth := 0
	for n := range f.total {
		before := len(buf)
		var slot int
		buf, slot = f.stream.AppendFill(buf, n)
		if f.target.ShardOf(slot) != shard {
			buf = buf[:before]
		} else if depth++; depth == fillDepth || len(buf) >= fillBytes {
			if err := f.send(ctx, c, buf, depth); err != nil {
				return err
			}
			buf, depth = buf[:0], 0
		}
	}
	if depth == 0 {
		return nil
	}
	return f.send(ctx, c, buf, depth)
}

func (f *filler) send(ctx context.Context, c *conn.Conn, commands []byte, depth int) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := c.Pipeline(commands, depth); err != nil {
		return err
	}
	percent := int(100 * float64(f.done.Add(int64(depth))) / float64(f.total))
	f.mu.Lock()
	defer f.mu.Unlock()
	if percent > f.reported {
		f.reported = percent
		f.progress(percent)
	}
	return nil
}

// primary connects to the member of a shard that says it is one.
func (f *filler) primary(ctx context.Context, shard int) (*conn.Conn, error) {
	var last error
	for _, m := range f.target.Shards[shard] {
		c, err := conn.Connect(ctx, f.target.Dialer, m.Addr, fillTimeout)
		if err != nil {
			last = err
			continue
		}
		r, err := c.Do("ROLE")
		if err == nil {
			if v, derr := resp.Decode(r); derr == nil && len(v.List) > 0 && v.List[0].Text == "master" {
				return c, nil
			}
		}
		last = err
		c.Close()
	}
	return nil, fmt.Errorf("found no primary: %w", orElse(last, conn.ErrUnexpected))
}

func orElse(err, otherwise error) error {
	if err == nil {
		return otherwise
	}
	return err
}
