package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/resp"
	"github.com/slotstorm/slotstorm/workload/schedule"
)

// Auditor writes keys of its own once each, with unique values, and reads all of
// them back at the end. Its client follows MOVED, because that is a refusal, and
// never sends a write again that may have been executed.
type Auditor struct {
	target Target
	// seats are the target as seen from each generator: audited writes take turns.
	seats  []Target
	rate   float64
	run    string
	clock  results.Clock
	ledger func(results.Write) error
	// route is, by seat and shard, the index of the member that served it last.
	route [][]atomic.Int32

	mu     sync.Mutex
	counts results.Audit
	writes []results.Write
	err    error
}

// auditClients bounds the writes under way from each seat; during an outage of one shard the
// writes to it pile up for as long as a time-out at most.
const auditClients = 64

// auditTimeout bounds one audited write.
const auditTimeout = time.Second

// NewAuditor prepares an audit at a rate per second, above 0. run makes its values
// unique among runs. ledger takes every write that was sent, and may be called from
// many goroutines.
func NewAuditor(t Target, rate float64, run string, clock results.Clock, ledger func(results.Write) error) *Auditor {
	a := &Auditor{target: t, rate: rate, run: run, clock: clock, ledger: ledger}
	for i := range max(len(t.Seats), 1) {
		a.seats = append(a.seats, t.from(i))
		a.route = append(a.route, make([]atomic.Int32, len(t.Shards)))
	}
	return a
}

type auditJob struct {
	seq      int
	intended results.Millis
}

// Write writes at the auditor's rate for a length of time, until stop or ctx ends.
func (a *Auditor) Write(ctx, stop context.Context, start time.Time, length time.Duration) error {
	jobs := make([]chan auditJob, len(a.seats))
	var wg sync.WaitGroup
	for seat := range jobs {
		jobs[seat] = make(chan auditJob)
		for range auditClients {
			wg.Go(func() {
				w := auditClient{a: a, target: a.seats[seat], route: a.route[seat], conns: map[string]*conn{}}
				defer w.close()
				for j := range jobs[seat] {
					a.keep(w.write(ctx, j))
				}
			})
		}
	}
	s := schedule.New(schedule.Options{Workload: &scenarios.Workload{Rate: scenarios.Rate{PerSecond: a.rate}}, Length: length})
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		b, ok := s.Next()
		if !ok {
			break
		}
		timer.Reset(time.Until(start.Add(b.At)))
		select {
		case <-timer.C:
		case <-stop.Done():
			ok = false
		case <-ctx.Done():
			ok = false
		}
		if !ok {
			break
		}
		select {
		case jobs[int(b.Number)%len(jobs)] <- auditJob{int(b.Number), a.clock.At(start.Add(b.At))}:
		default:
			a.mu.Lock()
			a.counts.Overflow++
			a.mu.Unlock()
		}
	}
	for _, seat := range jobs {
		close(seat)
	}
	wg.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// Rate is audited writes per second.
func (a *Auditor) Rate() float64 { return a.rate }

// Run is what makes the values unique among runs.
func (a *Auditor) Run() string { return a.run }

// Overflow is the number of writes so far that found no free client.
func (a *Auditor) Overflow() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.counts.Overflow
}

// Adopt takes writes that a remote auditor has carried out, and how many of its
// found no free client so far.
func (a *Auditor) Adopt(writes []results.Write, overflow int) error {
	for _, w := range writes {
		a.keep(w)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts.Overflow = overflow
	return a.err
}

func (a *Auditor) keep(w results.Write) {
	err := a.ledger(w)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("keeping the ledger: %w", err)
	}
	a.writes = append(a.writes, w)
	a.counts.Writes++
	switch results.Outcome(w.Outcome) {
	case results.OK:
		a.counts.OK++
	case results.Failed:
		a.counts.Failed++
	default:
		a.counts.Unknown++
	}
}

// auditClient is one writer with its own connections, by address.
type auditClient struct {
	a      *Auditor
	target Target
	route  []atomic.Int32
	conns  map[string]*conn
}

func (c *auditClient) close() {
	for _, conn := range c.conns {
		conn.close()
	}
}

// maxRedirects bounds how often one request follows MOVED or ASK.
const maxRedirects = 5

func (c *auditClient) write(ctx context.Context, j auditJob) results.Write {
	a := c.a
	key := "slotstorm:audit:" + strconv.Itoa(j.seq)
	w := results.Write{Seq: j.seq, Key: key, Value: a.run + ":" + strconv.Itoa(j.seq), Intended: j.intended, Sent: a.clock.Now()}
	w.Shard = a.target.ShardOf(int(resp.Slot([]byte(key))))
	_, node, err := c.ask(ctx, w.Shard, "SET", key, w.Value)
	w.Done, w.Node = a.clock.Now(), node
	outcome, class := classify(err)
	if errors.Is(err, errNotSent) {
		outcome = results.Failed
	}
	w.Outcome, w.Error = string(outcome), class
	return w
}

// ask sends a command to whoever serves a shard and follows refusals that name
// another node. It gives the reply's value and the node that was asked last.
func (c *auditClient) ask(ctx context.Context, shard int, args ...string) (value *string, node string, err error) {
	members := c.target.Shards[shard]
	route := &c.route[shard]
	at := int(route.Load())
	addr, asking := members[at].Addr, false
	for range maxRedirects {
		reply, err := c.once(ctx, addr, asking, args)
		node := c.name(addr)
		var redirect resp.Redirect
		moved := false
		if err == nil && reply.Kind == resp.Error {
			redirect, moved = resp.ParseRedirect(reply.Body)
			err = errorOf(reply)
		}
		switch {
		case moved:
			addr, asking = redirectAddr(redirect, addr), redirect.Ask
			to := c.a.target.member(addr)
			if i := slices.Index(members, to); i >= 0 && !asking {
				addr = to.Addr
				route.Store(int32(i))
			}
			continue
		case err != nil:
			// The next request tries the next member; this one is at its end.
			route.CompareAndSwap(int32(at), int32((at+1)%len(members)))
			return nil, node, err
		case reply.Kind == resp.Null:
			return nil, node, nil
		case reply.Kind == resp.Simple, reply.Kind == resp.Bulk:
			v := string(reply.Body)
			return &v, node, nil
		}
		return nil, node, unexpected(reply)
	}
	return nil, c.name(addr), replyError("MOVED too often")
}

func redirectAddr(r resp.Redirect, from string) string {
	if len(r.Host) == 0 {
		return from
	}
	return string(r.Host) + ":" + strconv.Itoa(int(r.Port))
}

func (c *auditClient) name(addr string) string {
	m := c.target.member(addr)
	return m.Name
}

// once sends a command to one node, once.
func (c *auditClient) once(ctx context.Context, addr string, asking bool, args []string) (resp.Reply, error) {
	cn := c.conns[addr]
	if cn != nil && cn.closedByPeer() {
		c.drop(addr)
		cn = nil
	}
	if cn == nil {
		var err error
		if cn, err = connect(ctx, c.target, addr, auditTimeout); err != nil {
			return resp.Reply{}, err
		}
		c.conns[addr] = cn
	}
	if asking {
		if _, err := cn.do("ASKING"); err != nil {
			c.drop(addr)
			return resp.Reply{}, fmt.Errorf("%w: ASKING: %w", errNotSent, err)
		}
	}
	reply, err := cn.do(args...)
	if err != nil {
		c.drop(addr)
	}
	return reply, err
}

func (c *auditClient) drop(addr string) {
	c.conns[addr].close()
	delete(c.conns, addr)
}

// ReadBack reads every audited key and gives the count, and a finding for each
// write whose fate is not what its outcome promised. It retries a shard that
// does not answer until ctx ends; keys that could not be read are told in Unread.
func (a *Auditor) ReadBack(ctx context.Context) (results.Audit, []results.Finding) {
	a.mu.Lock()
	counts, writes := a.counts, slices.Clone(a.writes)
	a.mu.Unlock()
	slices.SortFunc(writes, func(x, y results.Write) int { return x.Seq - y.Seq })
	c := auditClient{a: a, target: a.target, route: a.route[0], conns: map[string]*conn{}}
	defer c.close()
	var findings []results.Finding
	for _, w := range writes {
		value, err := a.read(ctx, &c, w)
		if err != nil {
			counts.Unread = fmt.Sprintf("%s and later keys: %v", w.Key, err)
			break
		}
		counts.ReadBack++
		class := ""
		switch kept := value != nil && *value == w.Value; results.Outcome(w.Outcome) {
		case results.OK:
			if value == nil {
				class = "lost"
				counts.Lost++
			} else if !kept {
				class = "altered"
				counts.Altered++
			}
		case results.Failed:
			if kept {
				class = "failed-kept"
				counts.FailedKept++
			}
		default:
			if kept {
				counts.UnknownKept++
			}
		}
		if class != "" {
			f := results.Finding{Class: class, Write: w}
			if value != nil {
				f.Read = *value
			}
			findings = append(findings, f)
		}
	}
	return counts, findings
}

func (a *Auditor) read(ctx context.Context, c *auditClient, w results.Write) (*string, error) {
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		value, _, err := c.ask(ctx, w.Shard, "GET", w.Key)
		if err == nil {
			return value, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-t.C:
		}
	}
}
