package shape

import (
	"testing"
	"time"
)

// trickle is a source whose packets come one by one while they are read.
type trickle struct {
	clock        time.Time
	every        time.Duration
	packets      uint32
	came, passed []time.Time
}

func (s *trickle) now() time.Time { return s.clock }

func (s *trickle) read() (arrival, bool, error) {
	if uint32(len(s.came)) == s.packets {
		return arrival{}, false, nil
	}
	s.clock = s.clock.Add(s.every)
	s.came = append(s.came, s.clock)
	return arrival{queue: 1, id: uint32(len(s.came)), bytes: 100}, true, nil
}

func (s *trickle) decide(_ uint16, id, _ uint32) error {
	s.passed[id-1] = s.clock
	return nil
}

func (s *trickle) flush() error { return nil }

func (s *trickle) wait(limit time.Duration) error {
	s.clock = s.clock.Add(limit)
	return nil
}

func (s *trickle) close() error { return nil }

// No packet passes before its latency is over, also if it came while others were read.
func TestNoPacketIsEarly(t *testing.T) {
	const latency = 5 * time.Millisecond
	from := &trickle{clock: epoch, every: time.Millisecond, packets: 20, passed: make([]time.Time, 20)}
	s := shaperOf(Task{Links: []Link{{Latency: latency}}}, from, []uint16{1}, from.now)
	if more, err := s.take(); more || err != nil {
		t.Fatal(more, err)
	}
	for due, ok := s.holding.next(); ok; due, ok = s.holding.next() {
		if err := from.wait(due.Sub(from.clock)); err != nil {
			t.Fatal(err)
		}
		if err := s.release(); err != nil {
			t.Fatal(err)
		}
	}
	for i, passed := range from.passed {
		if took := passed.Sub(from.came[i]); took < latency {
			t.Errorf("packet %d passes after %v", i+1, took)
		}
	}
}
