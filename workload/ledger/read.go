package ledger

import (
	"context"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/classify"
	"github.com/slotstorm/slotstorm/workload/conn"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// look reads one of the open registers, alternately from the node that serves its
// shard and from another member. It is false if there was nothing to read.
func (c *client) look(ctx context.Context, n int64) (results.AuditRead, bool) {
	key, ok := c.seat.keys.register(n / 2)
	if !ok {
		return results.AuditRead{}, false
	}
	r := results.AuditRead{Kind: results.KindRegister, Key: key, Shard: c.a.shardOf(key), Replica: n%2 == 1}
	if !r.Replica {
		c.read(ctx, &r)
		return r, true
	}
	members := c.seat.target.Shards[r.Shard]
	if len(members) < 2 {
		return r, false
	}
	serving := int(c.seat.route[r.Shard].Load())
	m := members[(serving+1+int(n/2)%(len(members)-1))%len(members)]
	if !c.seat.target.Has(m.Name) {
		return r, false
	}
	r.Node, r.Sent = m.Name, c.a.Clock.Now()
	got, err := c.fromReplica(ctx, m.Addr, key)
	c.fill(&r, got, err)
	// One that is no replica of the key at all says so, and says nothing else.
	return r, r.Error != "MOVED"
}

// fromReplica reads a key over a connection that a replica answers on.
func (c *client) fromReplica(ctx context.Context, addr, key string) (answer, error) {
	old := c.replicas[addr]
	cn, err := c.connect(ctx, c.replicas, addr)
	if err != nil {
		return answer{}, err
	}
	if cn != old {
		if _, err := cn.Do("READONLY"); err != nil {
			c.drop(c.replicas, addr)
			return answer{}, err
		}
	}
	got, err := c.do(c.replicas, addr, "GET", key)
	if err == nil && got.Kind == resp.Error {
		err = conn.ReplyError(got.Text)
	}
	return got, err
}

// read reads a key from whoever serves its shard, once.
func (c *client) read(ctx context.Context, r *results.AuditRead) {
	r.Sent = c.a.Clock.Now()
	args := []string{"GET", r.Key}
	if r.Kind == results.KindList {
		args = []string{"LRANGE", r.Key, "0", "-1"}
	}
	var got answer
	var err error
	got, r.Node, err = c.ask(ctx, r.Shard, false, args...)
	c.fill(r, got, err)
}

func (c *client) fill(r *results.AuditRead, got answer, err error) {
	r.Done = c.a.Clock.Now()
	r.Value, r.Elements = nil, nil
	outcome, class := classify.Error(err)
	r.Outcome, r.Error = string(outcome), class
	if err != nil {
		return
	}
	switch got.Kind {
	case resp.Null:
	case resp.Bulk:
		r.Value = &got.Text
	case resp.Array:
		for _, e := range got.List {
			r.Elements = append(r.Elements, e.Text)
		}
	default:
		r.Outcome, r.Error = string(results.Unknown), conn.Unexpected(resp.Reply{Kind: got.Kind, Body: []byte(got.Text)}).Error()
	}
}

// readUntil reads a key again and again until it is answered or ctx ends.
func (c *client) readUntil(ctx context.Context, r *results.AuditRead) {
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		c.read(ctx, r)
		if results.Outcome(r.Outcome) == results.OK {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
