package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/classify"
	"github.com/slotstorm/slotstorm/workload/conn"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// answer is a reply that outlives its buffer.
type answer struct {
	resp.Value
	// waited is what WAIT answered; nil if it was not sent.
	waited *int64
}

// client is one audited client with its own connections: by address, those
// that read from replicas apart.
type client struct {
	a        *Audit
	seat     *seat
	timeout  time.Duration
	conns    map[string]*conn.Conn
	replicas map[string]*conn.Conn
}

func newClient(a *Audit, s *seat) *client {
	return &client{a: a, seat: s, timeout: a.timeout(), conns: map[string]*conn.Conn{}, replicas: map[string]*conn.Conn{}}
}

func (c *client) close() {
	for _, conns := range []map[string]*conn.Conn{c.conns, c.replicas} {
		for _, cn := range conns {
			cn.Close()
		}
	}
}

// maxRedirects bounds how often one request follows MOVED or ASK.
const maxRedirects = 5

// write carries one job out, once.
func (c *client) write(ctx context.Context, j job) results.Write {
	a := c.a
	w := results.Write{Seq: j.seq, Kind: j.kind, Key: j.key, Client: c.seat.name, Intended: j.intended, Sent: a.Clock.Now(), Shard: a.shardOf(j.key)}
	if j.kind != results.KindCounter {
		w.Value = a.Run + ":" + strconv.Itoa(j.seq)
	}
	var args []string
	switch j.kind {
	case results.KindRegister:
		args = []string{"SET", j.key, w.Value, "GET"}
	case results.KindCounter:
		args = []string{"INCR", j.key}
	case results.KindList:
		args = []string{"RPUSH", j.key, w.Value}
	default:
		args = []string{"SET", j.key, w.Value}
	}
	got, node, err := c.ask(ctx, w.Shard, true, args...)
	w.Done, w.Node, w.Replicas = a.Clock.Now(), node, got.waited
	outcome, class := classify.Error(err)
	if errors.Is(err, conn.ErrNotSent) {
		outcome = results.Failed
	}
	if err == nil {
		switch got.Kind {
		case resp.Int:
			w.Reply = strconv.FormatInt(got.Num, 10)
		case resp.Bulk:
			w.Reply = got.Text
		}
		if wait := a.Spec.Wait; wait != nil && *got.waited < int64(wait.Replicas) {
			outcome, class = results.Unknown, "unreplicated"
		}
	}
	w.Outcome, w.Error = string(outcome), class
	return w
}

// ask sends a command to the node that serves a shard and follows refusals that name
// another node. It gives the reply and the node that gave it. A write
// awaits replicas if the audit does.
func (c *client) ask(ctx context.Context, shard int, write bool, args ...string) (got answer, node string, err error) {
	members := c.seat.target.Shards[shard]
	route := &c.seat.route[shard]
	at := int(route.Load())
	addr, asking := c.seat.target.Door(shard, at).Addr, false
	for range maxRedirects {
		got, err := c.once(ctx, addr, asking, write, args)
		node := c.name(addr)
		var redirect resp.Redirect
		moved := false
		if err == nil && got.Kind == resp.Error {
			redirect, moved = resp.ParseRedirect([]byte(got.Text))
			err = conn.ReplyError(got.Text)
		}
		switch {
		case moved:
			addr, asking = redirect.Addr(addr), redirect.Ask
			to := c.seat.target.Member(addr)
			if i := slices.Index(members, to); i >= 0 && !asking {
				addr = to.Addr
				route.Store(int32(i))
			}
			continue
		case err != nil:
			// The next request tries the next member; this one is at its end.
			route.CompareAndSwap(int32(at), int32((at+1)%len(members)))
		}
		return got, node, err
	}
	return answer{}, c.name(addr), conn.ReplyError("MOVED too often")
}

func (c *client) name(addr string) string {
	m := c.seat.target.Member(addr)
	return m.Name
}

// once sends a command to one node, once, and behind a write WAIT. If WAIT fails, the
// write counts as failed too: it was executed, but no one can rely on it.
func (c *client) once(ctx context.Context, addr string, asking, write bool, args []string) (answer, error) {
	cn, err := c.connect(ctx, c.conns, addr)
	if err != nil {
		return answer{}, err
	}
	if asking {
		if _, err := cn.Do("ASKING"); err != nil {
			c.drop(c.conns, addr)
			return answer{}, fmt.Errorf("%w: ASKING: %w", conn.ErrNotSent, err)
		}
	}
	got, err := c.do(c.conns, addr, args...)
	wait := c.a.Spec.Wait
	if err != nil || got.Kind == resp.Error || wait == nil || !write {
		return got, err
	}
	replicas := []string{"WAIT", strconv.Itoa(wait.Replicas), strconv.FormatInt(wait.Timeout.Std().Milliseconds(), 10)}
	if wait.Local > 0 {
		replicas = append([]string{"WAITAOF", strconv.Itoa(wait.Local)}, replicas[1:]...)
	}
	waited, err := c.do(c.conns, addr, replicas...)
	if err != nil {
		return got, err
	}
	n, err := acknowledged(waited.Value, wait.Local)
	got.waited = &n
	return got, err
}

// acknowledged reads what WAIT or, if local is above 0, WAITAOF answered. Without
// the local file no replica counts.
func acknowledged(v resp.Value, local int) (int64, error) {
	switch {
	case local == 0 && v.Kind == resp.Int:
		return v.Num, nil
	case local > 0 && v.Kind == resp.Array && len(v.List) == 2:
		if v.List[0].Num < int64(local) {
			return -1, nil
		}
		return v.List[1].Num, nil
	}
	return 0, fmt.Errorf("%w to WAIT: %s %.40q", conn.ErrUnexpected, v.Kind, v.Text)
}

// do sends a command over the existing connection to a node.
func (c *client) do(conns map[string]*conn.Conn, addr string, args ...string) (answer, error) {
	reply, err := conns[addr].Do(args...)
	if err != nil {
		c.drop(conns, addr)
		return answer{}, err
	}
	v, err := resp.Decode(reply)
	return answer{Value: v}, err
}

func (c *client) connect(ctx context.Context, conns map[string]*conn.Conn, addr string) (*conn.Conn, error) {
	cn := conns[addr]
	if cn != nil && cn.ClosedByPeer() {
		c.drop(conns, addr)
		cn = nil
	}
	if cn == nil {
		var err error
		if cn, err = conn.Connect(ctx, c.seat.target.Dialer, addr, c.timeout); err != nil {
			return nil, err
		}
		conns[addr] = cn
	}
	return cn, nil
}

func (c *client) drop(conns map[string]*conn.Conn, addr string) {
	conns[addr].Close()
	delete(conns, addr)
}
