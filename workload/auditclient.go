package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/resp"
)

// auditClient is one audited client with its own connections: by address, those
// that read from replicas apart.
type auditClient struct {
	a        *Auditor
	seat     *auditSeat
	timeout  time.Duration
	conns    map[string]*conn
	replicas map[string]*conn
}

func newAuditClient(a *Auditor, s *auditSeat) *auditClient {
	return &auditClient{a: a, seat: s, timeout: a.timeout(), conns: map[string]*conn{}, replicas: map[string]*conn{}}
}

func (c *auditClient) close() {
	for _, conns := range []map[string]*conn{c.conns, c.replicas} {
		for _, conn := range conns {
			conn.close()
		}
	}
}

// auditCrew are the audited clients of one seat that do one thing.
type auditCrew struct {
	a    *Auditor
	seat *auditSeat
	most int
	work sync.WaitGroup

	mu   sync.Mutex
	made int
	idle []*auditClient
}

func newAuditCrew(a *Auditor, s *auditSeat, most int) *auditCrew {
	return &auditCrew{a: a, seat: s, most: most}
}

// try has a client do something, beside its caller; false if all are busy. It is
// the client that was busy last: were they to take turns, each would connect to
// each node, and the audit's own connecting would be felt in what is measured.
func (c *auditCrew) try(do func(*auditClient)) bool {
	client := c.take()
	if client == nil {
		return false
	}
	c.work.Go(func() {
		do(client)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.idle = append(c.idle, client)
	})
	return true
}

func (c *auditCrew) take() *auditClient {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.idle); n > 0 {
		client := c.idle[n-1]
		c.idle = c.idle[:n-1]
		return client
	}
	if c.made == c.most {
		return nil
	}
	c.made++
	return newAuditClient(c.a, c.seat)
}

// close waits for what is being done and closes the connections.
func (c *auditCrew) close() {
	c.work.Wait()
	for _, client := range c.idle {
		client.close()
	}
}

// answer is a reply that outlives its buffer.
type answer struct {
	resp.Value
	// waited is what WAIT answered; nil if it was not asked.
	waited *int64
}

// maxRedirects bounds how often one request follows MOVED or ASK.
const maxRedirects = 5

// write carries one job out, once.
func (c *auditClient) write(ctx context.Context, j auditJob) results.Write {
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
	outcome, class := classify(err)
	if errors.Is(err, errNotSent) {
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

// ask sends a command to whoever serves a shard and follows refusals that name
// another node. It gives the reply and the node that was asked last. A write
// awaits replicas if the audit does.
func (c *auditClient) ask(ctx context.Context, shard int, write bool, args ...string) (got answer, node string, err error) {
	members := c.seat.target.Shards[shard]
	route := &c.seat.route[shard]
	at := int(route.Load())
	addr, asking := members[at].Addr, false
	for range maxRedirects {
		got, err := c.once(ctx, addr, asking, write, args)
		node := c.name(addr)
		var redirect resp.Redirect
		moved := false
		if err == nil && got.Kind == resp.Error {
			redirect, moved = resp.ParseRedirect([]byte(got.Text))
			err = replyError(got.Text)
		}
		switch {
		case moved:
			addr, asking = redirectAddr(redirect, addr), redirect.Ask
			to := c.seat.target.member(addr)
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
	return answer{}, c.name(addr), replyError("MOVED too often")
}

func redirectAddr(r resp.Redirect, from string) string {
	if len(r.Host) == 0 {
		return from
	}
	return string(r.Host) + ":" + strconv.Itoa(int(r.Port))
}

func (c *auditClient) name(addr string) string {
	m := c.seat.target.member(addr)
	return m.Name
}

// once sends a command to one node, once, and behind a write WAIT. What goes wrong
// with WAIT goes wrong with the write: it stands, but no one can rely on it.
func (c *auditClient) once(ctx context.Context, addr string, asking, write bool, args []string) (answer, error) {
	cn, err := c.connect(ctx, c.conns, addr)
	if err != nil {
		return answer{}, err
	}
	if asking {
		if _, err := cn.do("ASKING"); err != nil {
			c.drop(c.conns, addr)
			return answer{}, fmt.Errorf("%w: ASKING: %w", errNotSent, err)
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
	return 0, fmt.Errorf("%w to WAIT: %s %.40q", errUnexpected, v.Kind, v.Text)
}

// do asks over the connection that there is to a node.
func (c *auditClient) do(conns map[string]*conn, addr string, args ...string) (answer, error) {
	reply, err := conns[addr].do(args...)
	if err != nil {
		c.drop(conns, addr)
		return answer{}, err
	}
	v, err := resp.Decode(reply)
	return answer{Value: v}, err
}

func (c *auditClient) connect(ctx context.Context, conns map[string]*conn, addr string) (*conn, error) {
	cn := conns[addr]
	if cn != nil && cn.closedByPeer() {
		c.drop(conns, addr)
		cn = nil
	}
	if cn == nil {
		var err error
		if cn, err = connect(ctx, c.seat.target, addr, c.timeout); err != nil {
			return nil, err
		}
		conns[addr] = cn
	}
	return cn, nil
}

func (c *auditClient) drop(conns map[string]*conn, addr string) {
	conns[addr].close()
	delete(conns, addr)
}

// look reads one of the open registers: by turns from whoever serves its shard
// and from another member. False if there was nothing to read.
func (c *auditClient) look(ctx context.Context, n int64) (results.AuditRead, bool) {
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
	r.Node, r.Sent = m.Name, c.a.Clock.Now()
	got, err := c.fromReplica(ctx, m.Addr, key)
	c.fill(&r, got, err)
	// One that is no replica of the key at all says so, and says nothing else.
	return r, r.Error != "MOVED"
}

// fromReplica reads a key over a connection that a replica answers on.
func (c *auditClient) fromReplica(ctx context.Context, addr, key string) (answer, error) {
	old := c.replicas[addr]
	cn, err := c.connect(ctx, c.replicas, addr)
	if err != nil {
		return answer{}, err
	}
	if cn != old {
		if _, err := cn.do("READONLY"); err != nil {
			c.drop(c.replicas, addr)
			return answer{}, err
		}
	}
	got, err := c.do(c.replicas, addr, "GET", key)
	if err == nil && got.Kind == resp.Error {
		err = replyError(got.Text)
	}
	return got, err
}

// read reads a key from whoever serves its shard, once.
func (c *auditClient) read(ctx context.Context, r *results.AuditRead) {
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

func (c *auditClient) fill(r *results.AuditRead, got answer, err error) {
	r.Done = c.a.Clock.Now()
	r.Value, r.Elements = nil, nil
	outcome, class := classify(err)
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
		r.Outcome, r.Error = string(results.Unknown), unexpected(resp.Reply{Kind: got.Kind, Body: []byte(got.Text)}).Error()
	}
}

// readUntil reads a key again and again until it is answered or ctx ends.
func (c *auditClient) readUntil(ctx context.Context, r *results.AuditRead) {
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
