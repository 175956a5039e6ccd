// Package ledger writes unique values to keys of its own, and reads them back: the
// ledger of these writes shows what a cluster lost.
package ledger

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slotstorm/slotstorm/results"
)

// Auditor writes unique values to keys of its own, reads some of them meanwhile,
// and all of them at the end. Its client follows MOVED, because that is a
// refusal, and never sends a write again that may have been executed. It does not
// judge the ledger and the reads.
type Auditor struct {
	Audit
	// seats are where generators sit: audited requests take turns.
	seats []seat

	mu sync.Mutex
	// written are the keys that were written to, with their kinds and shards, in
	// the order of their first writes; known are their names.
	written []results.AuditRead
	known   map[string]bool
	err     error
}

// NewAuditor prepares an audit.
func NewAuditor(a Audit) *Auditor {
	auditor := &Auditor{Audit: a, known: map[string]bool{}, seats: make([]seat, max(len(a.Target.Seats), 1))}
	for i := range auditor.seats {
		s := seat{target: a.Target.From(i), route: make([]atomic.Int32, len(a.Target.Shards))}
		index, of := i, len(auditor.seats)
		if a.Share != nil {
			index, of = a.Share.Index, a.Share.Of
		}
		s.keys = newKeys(a, index)
		if of > 1 {
			s.name = "generator " + strconv.Itoa(index)
		}
		auditor.seats[i] = s
	}
	return auditor
}

// Write writes and reads at the auditor's rates for a length of time, until stop
// or ctx ends.
func (a *Auditor) Write(ctx, stop context.Context, start time.Time, length time.Duration) error {
	var pacers sync.WaitGroup
	writers, readers := make([]*crew, len(a.seats)), make([]*crew, len(a.seats))
	for i := range a.seats {
		writers[i], readers[i] = newCrew(&a.Audit, &a.seats[i], maxWriters), newCrew(&a.Audit, &a.seats[i], maxReaders)
	}
	if a.Spec.Reads > 0 {
		pacers.Go(func() {
			rate{a.Spec.Reads, start, length}.pace(ctx, stop, func(n int64, _ time.Time) {
				i, turn, ours := a.turn(n)
				if !ours {
					return
				}
				// If all of them wait for answers, it is one read less.
				readers[i].try(func(c *client) {
					if r, ok := c.look(ctx, turn); ok {
						a.keepRead(r)
					}
				})
			})
		})
	}
	rate{a.Spec.Rate, start, length}.pace(ctx, stop, func(n int64, at time.Time) {
		i, turn, ours := a.turn(n)
		if !ours {
			return
		}
		s := &a.seats[i]
		j := s.keys.next(int(n), int(turn))
		j.intended = a.Clock.At(at)
		writing := writers[i].try(func(c *client) {
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

// patience is how long ReadBack waits for a shard before it goes on with the keys of others.
const patience = 5 * time.Second

// ReadBack reads every audited key from whoever serves its shard: those of shards that answer
// first, then those of the others, until ctx ends. It records the first key that could not be
// read, and ends there.
func (a *Auditor) ReadBack(ctx context.Context) error {
	a.mu.Lock()
	written := slices.Clone(a.written)
	a.mu.Unlock()
	c := newClient(&a.Audit, &seat{target: a.Target, route: make([]atomic.Int32, len(a.Target.Shards))})
	defer c.close()
	silent := map[int]bool{}
	var deferred []results.AuditRead
	for _, r := range written {
		if silent[r.Shard] {
			deferred = append(deferred, r)
			continue
		}
		first, cancel := context.WithTimeout(ctx, patience)
		one := r
		c.readUntil(first, &one)
		cancel()
		if results.Outcome(one.Outcome) != results.OK {
			silent[r.Shard] = true
			deferred = append(deferred, r)
			continue
		}
		if err := a.kept(one); err != nil {
			return err
		}
	}
	for _, r := range deferred {
		c.readUntil(ctx, &r)
		if err := a.kept(r); err != nil {
			return err
		}
		if results.Outcome(r.Outcome) != results.OK {
			return nil
		}
	}
	return nil
}

func (a *Auditor) kept(r results.AuditRead) error {
	if err := a.Reads(r); err != nil {
		return fmt.Errorf("keeping the read-back: %w", err)
	}
	return nil
}
