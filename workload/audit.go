package workload

import (
	"context"
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

// Audit is what an auditor is to do.
type Audit struct {
	Target Target
	Spec   scenarios.Audit
	// Run makes values unique among runs.
	Run   string
	Clock results.Clock
	// Share, if not nil, leaves to this auditor one generator's turns, where each
	// generator has an auditor beside it.
	Share *Share
	// Ledger takes every scheduled write, Reads every read. They may be called
	// from many goroutines.
	Ledger func(results.Write) error
	Reads  func(results.AuditRead) error
}

// Share is a part of the audited requests: those whose number, divided by Of,
// leaves Index.
type Share struct{ Index, Of int }

// Auditor writes unique values to keys of its own, reads some of them meanwhile,
// and all of them at the end. Its client follows MOVED, because that is a
// refusal, and never sends a write again that may have been executed. What the
// ledger and the reads amount to is not its business.
type Auditor struct {
	Audit
	// seats are where generators sit: audited requests take turns.
	seats []auditSeat

	mu sync.Mutex
	// written are the keys that were written to, with their kinds and shards, in
	// the order of their first writes; known are their names.
	written []results.AuditRead
	known   map[string]bool
	err     error
}

const (
	// auditClients bounds the writes under way from each seat; during an outage of
	// one shard the writes to it pile up for as long as a time-out at most.
	auditClients = 64
	// auditReaders bounds the reads under way from each seat.
	auditReaders = 8
	// auditTimeout bounds one audited request.
	auditTimeout = time.Second
)

// auditSeat is the target as seen from a place in the network.
type auditSeat struct {
	target Target
	// name is empty if there is one seat only.
	name string
	// route is, by shard, the index of the member that served it last.
	route []atomic.Int32
	keys  *auditKeys
}

// NewAuditor prepares an audit.
func NewAuditor(a Audit) *Auditor {
	auditor := &Auditor{Audit: a, known: map[string]bool{}, seats: make([]auditSeat, max(len(a.Target.Seats), 1))}
	for i := range auditor.seats {
		s := auditSeat{target: a.Target.from(i), route: make([]atomic.Int32, len(a.Target.Shards))}
		index, of := i, len(auditor.seats)
		if a.Share != nil {
			index, of = a.Share.Index, a.Share.Of
		}
		s.keys = newAuditKeys(a, index)
		if of > 1 {
			s.name = "generator " + strconv.Itoa(index)
		}
		auditor.seats[i] = s
	}
	return auditor
}

// auditJob is one write that is due.
type auditJob struct {
	seq      int
	intended results.Duration
	kind     string
	key      string
}

// Write writes and reads at the auditor's rates for a length of time, until stop
// or ctx ends.
func (a *Auditor) Write(ctx, stop context.Context, start time.Time, length time.Duration) error {
	var pacers sync.WaitGroup
	writers, readers := make([]*auditCrew, len(a.seats)), make([]*auditCrew, len(a.seats))
	for i := range a.seats {
		writers[i], readers[i] = newAuditCrew(a, &a.seats[i], auditClients), newAuditCrew(a, &a.seats[i], auditReaders)
	}
	if a.Spec.Reads > 0 {
		pacers.Go(func() {
			pace(ctx, stop, a.Spec.Reads, start, length, func(n int64, _ time.Time) {
				i, turn, ours := a.turn(n)
				if !ours {
					return
				}
				// If all of them wait for answers, it is one read less.
				readers[i].try(func(c *auditClient) {
					if r, ok := c.look(ctx, turn); ok {
						a.keepRead(r)
					}
				})
			})
		})
	}
	pace(ctx, stop, a.Spec.Rate, start, length, func(n int64, at time.Time) {
		i, turn, ours := a.turn(n)
		if !ours {
			return
		}
		s := &a.seats[i]
		j := s.keys.next(int(n), int(turn))
		j.intended = a.Clock.At(at)
		writing := writers[i].try(func(c *auditClient) {
			w := c.write(ctx, j)
			s.keys.release(j)
			a.keep(w)
		})
		if !writing {
			s.keys.release(j)
			a.keep(results.Write{Seq: j.seq, Kind: j.kind, Key: j.key, Client: s.name, Shard: a.shardOf(j.key),
				Intended: j.intended, Done: j.intended, Outcome: string(results.Overflow)})
		}
	})
	pacers.Wait()
	for i := range a.seats {
		writers[i].close()
		readers[i].close()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// turn is which of the seats here the n-th request falls to, and how many that
// seat has had; ours is false if it falls to another auditor.
func (a *Auditor) turn(n int64) (seat int, turn int64, ours bool) {
	if a.Share != nil {
		of := int64(a.Share.Of)
		return 0, n / of, n%of == int64(a.Share.Index)
	}
	of := int64(len(a.seats))
	return int(n % of), n / of, true
}

// pace calls do at a rate, each time when it is due.
func pace(ctx, stop context.Context, rate float64, start time.Time, length time.Duration, do func(n int64, at time.Time)) {
	s := schedule.New(schedule.Options{Workload: &scenarios.Workload{Rate: scenarios.Rate{PerSecond: rate}}, Length: length})
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		b, ok := s.Next()
		if !ok {
			return
		}
		timer.Reset(time.Until(start.Add(b.At)))
		select {
		case <-timer.C:
		case <-stop.Done():
			return
		case <-ctx.Done():
			return
		}
		do(int64(b.Number), start.Add(b.At))
	}
}

func (a *Auditor) shardOf(key string) int { return a.Target.ShardOf(int(resp.Slot([]byte(key)))) }

// Adopt takes writes and reads that an auditor in another process carried out for
// this one.
func (a *Auditor) Adopt(writes []results.Write, reads []results.AuditRead) error {
	for _, w := range writes {
		a.keep(w)
	}
	for _, r := range reads {
		a.keepRead(r)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

func (a *Auditor) keep(w results.Write) {
	err := a.Ledger(w)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("keeping the ledger: %w", err)
	}
	if !a.known[w.Key] && results.Outcome(w.Outcome) != results.Overflow {
		a.known[w.Key] = true
		a.written = append(a.written, results.AuditRead{Kind: w.Kind, Key: w.Key, Shard: w.Shard, Final: true})
	}
}

func (a *Auditor) keepRead(r results.AuditRead) {
	err := a.Reads(r)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("keeping the audited reads: %w", err)
	}
}

// ReadBack reads every audited key from whoever serves its shard. It retries a
// shard that does not answer until ctx ends; the first key that could not be read
// is told as such, and is the last.
func (a *Auditor) ReadBack(ctx context.Context) error {
	a.mu.Lock()
	written := slices.Clone(a.written)
	a.mu.Unlock()
	c := newAuditClient(a, &auditSeat{target: a.Target, route: make([]atomic.Int32, len(a.Target.Shards))})
	defer c.close()
	for _, r := range written {
		c.readUntil(ctx, &r)
		if err := a.Reads(r); err != nil {
			return fmt.Errorf("keeping the read-back: %w", err)
		}
		if results.Outcome(r.Outcome) != results.OK {
			return nil
		}
	}
	return nil
}

// auditKeys chooses the key of each write from one seat. Of every kind but once, some keys are
// open at a time; each takes one write at a time, so that its writes have an
// order, and is replaced by another when it has had its share.
type auditKeys struct {
	seat  string
	kinds []string

	mu   sync.Mutex
	open map[string][]auditKey
	made map[string]int
}

type auditKey struct {
	key    string
	writes int
	busy   bool
}

const (
	// writesPerKey keeps histories short enough to be checked for
	// linearizability.
	writesPerKey = 64
	// keysPerShard are open at a time, on average, of each kind.
	keysPerShard = 4
)

// auditPrefix starts every audited key.
const auditPrefix = "slotstorm:audit:"

func newAuditKeys(a Audit, seat int) *auditKeys {
	k := &auditKeys{kinds: a.Spec.Kinds, open: map[string][]auditKey{}, made: map[string]int{}}
	if seat > 0 {
		k.seat = strconv.Itoa(seat) + ":"
	}
	for _, kind := range k.kinds {
		if kind == results.KindOnce {
			continue
		}
		for range keysPerShard * len(a.Target.Shards) {
			k.open[kind] = append(k.open[kind], auditKey{key: k.make(kind)})
		}
	}
	return k
}

func (k *auditKeys) make(kind string) string {
	k.made[kind]++
	return auditPrefix + kind + ":" + k.seat + strconv.Itoa(k.made[kind]-1)
}

// next is the job of a write: seq is its number in the run, n among those of the
// seat. Where all open keys of its turn wait for answers, it goes to a key of its
// own.
func (k *auditKeys) next(seq, n int) auditJob {
	k.mu.Lock()
	defer k.mu.Unlock()
	kind := k.kinds[n%len(k.kinds)]
	j := auditJob{seq: seq, kind: kind}
	open := k.open[kind]
	for i := range open {
		o := &open[(n/len(k.kinds)+i)%len(open)]
		if o.busy {
			continue
		}
		if o.writes == writesPerKey {
			*o = auditKey{key: k.make(kind)}
		}
		j.key = o.key
		o.busy = true
		o.writes++
		return j
	}
	j.kind, j.key = results.KindOnce, auditPrefix+strconv.Itoa(seq)
	return j
}

// release tells that a job has ended.
func (k *auditKeys) release(j auditJob) {
	k.mu.Lock()
	defer k.mu.Unlock()
	open := k.open[j.kind]
	if i := slices.IndexFunc(open, func(o auditKey) bool { return o.key == j.key }); i >= 0 {
		open[i].busy = false
	}
}

// register is one of the open registers.
func (k *auditKeys) register(n int64) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	open := k.open[results.KindRegister]
	if len(open) == 0 {
		return "", false
	}
	o := open[int(n)%len(open)]
	return o.key, o.writes > 0
}

// timeout is how long a request may take with what it waits for.
func (a *Auditor) timeout() time.Duration {
	if a.Spec.Wait == nil {
		return auditTimeout
	}
	return auditTimeout + a.Spec.Wait.Timeout.Std()
}
