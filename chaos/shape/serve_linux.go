package shape

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"time"
)

// Serve reads a Task from in, shapes the packets of its queues, and writes a State to
// out every ReportEvery, until ctx ends or out is closed. Packets that are held then
// are lost, and all others pass as if there were no queue. An error means that the
// kernel refuses.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	var t Task
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return fmt.Errorf("reading the task: %w", err)
	}
	if err := t.check(); err != nil {
		return fmt.Errorf("reading the task: %w", err)
	}
	// The loop waits in the kernel, for packets and for the next one that is due: one
	// thread, because a timer of Go may be late by a millisecond.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s, err := newShaper(t)
	if err != nil {
		return err
	}
	return errors.Join(s.loop(ctx, json.NewEncoder(out)), s.queues.close())
}

// shaper holds the packets of queues until they are due.
type shaper struct {
	queues  source
	numbers []uint16
	ways    map[uint16]*way
	holding holding
	start   time.Time
	// now is the clock.
	now func() time.Time
}

// source has packets that wait for a verdict.
type source interface {
	read() (arrival, bool, error)
	decide(queue uint16, id uint32, verdict uint32) error
	flush() error
	wait(limit time.Duration) error
	close() error
}

// way is a direction at work.
type way struct {
	line   *line
	counts Counts
	losing bool
	// last is the number of the packet before.
	last uint32
}

func newShaper(t Task) (*shaper, error) {
	q, err := openQueues(len(t.Links))
	if err != nil {
		return nil, err
	}
	return shaperOf(t, q, q.numbers, time.Now), nil
}

// shaperOf shapes the packets of a source: those of the queue numbers[i] by link i.
func shaperOf(t Task, from source, numbers []uint16, now func() time.Time) *shaper {
	s := &shaper{queues: from, numbers: numbers, ways: map[uint16]*way{}, start: now(), now: now}
	for i, l := range t.Links {
		s.ways[numbers[i]] = &way{line: newLine(l, t.Seed, uint64(i))}
	}
	return s
}

func (s *shaper) loop(ctx context.Context, out *json.Encoder) error {
	report := s.start
	for ctx.Err() == nil {
		now := s.now()
		if !now.Before(report) {
			if err := out.Encode(s.state(now)); err != nil {
				return fmt.Errorf("reporting: %w", err)
			}
			report = now.Add(ReportEvery)
		}
		more, err := s.take()
		if err == nil {
			err = s.release()
		}
		if err != nil {
			return err
		}
		if more {
			continue
		}
		next := report
		if due, ok := s.holding.next(); ok && due.Before(next) {
			next = due
		}
		if err := s.queues.wait(next.Sub(s.now())); err != nil {
			return err
		}
	}
	return nil
}

// take takes a batch of packets that have come; more says that others may wait.
func (s *shaper) take() (more bool, err error) {
	for range batch {
		a, ok, err := s.queues.read()
		if err != nil || !ok {
			return false, err
		}
		w := s.ways[a.queue]
		if w == nil {
			continue
		}
		// The time of each packet: one that came while this batch was read would pass too
		// early by the time of its beginning.
		f := w.line.pass(s.now(), packet{bytes: a.bytes, flow: flow(a.data)})
		w.count(f, a.bytes)
		// The kernel numbers packets from 1. It drops those that its buffer for this process
		// cannot take.
		w.counts.Missed += uint64(a.id - w.last - 1)
		w.last = a.id
		if f.lost {
			if err := s.queues.decide(a.queue, a.id, verdictDrop); err != nil {
				return false, err
			}
			continue
		}
		s.holding.add(held{due: f.due, queue: a.queue, id: a.id, bytes: a.bytes})
	}
	return true, nil
}

// release passes on what is due, in one call.
func (s *shaper) release() error {
	now := s.now()
	for {
		p, ok := s.holding.take(now)
		if !ok {
			return s.queues.flush()
		}
		c := &s.ways[p.queue].counts
		c.Held--
		c.Passed++
		c.PassedBytes += uint64(p.bytes)
		c.Behind = max(c.Behind, now.Sub(p.due))
		if err := s.queues.decide(p.queue, p.id, verdictAccept); err != nil {
			return err
		}
	}
}

func (w *way) count(f fate, bytes int) {
	c := &w.counts
	c.Come++
	c.ComeBytes += uint64(bytes)
	c.Waited = max(c.Waited, f.waited)
	switch {
	case f.lost:
		c.Lost++
		if f.full {
			c.Full++
		}
		if !w.losing {
			c.Bursts++
		}
	default:
		c.Held++
		if f.late {
			c.Late++
		}
	}
	w.losing = f.lost
}

func (s *shaper) state(now time.Time) State {
	state := State{At: now.Sub(s.start), Queues: s.numbers}
	for _, n := range s.numbers {
		state.Ways = append(state.Ways, s.ways[n].counts)
	}
	return state
}

// flow is a number for a connection and its direction: addresses and ports of an IPv4
// packet (RFC 791, RFC 9293).
func flow(data []byte) uint32 {
	if len(data) < 20 {
		return 0
	}
	sum := crc32.ChecksumIEEE(data[12:20])
	if ports := int(data[0]&0xf) * 4; len(data) >= ports+4 {
		sum = crc32.Update(sum, crc32.IEEETable, data[ports:ports+4])
	}
	return sum
}
