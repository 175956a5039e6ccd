package client

import (
	"sync/atomic"
	"time"

	"github.com/slotstorm/slotstorm/workload/schedule"
	"github.com/slotstorm/slotstorm/workload/stream"
	"github.com/slotstorm/slotstorm/workload/wire"
)

// share is the part of the load that one core of one generator has.
type share struct {
	number, of int64
}

// wireSource draws the requests of one share.
type wireSource struct {
	stream   *stream.Stream
	share    share
	plan     *Plan
	schedule *schedule.Schedule
	stopped  *atomic.Bool
	// tag marks writes, so that their fate is reported.
	tag bool
	// number is the current batch's; batch has what of it is left to draw.
	number int64
	batch  schedule.Batch
	drawn  int
	// due is the batch that the pacer has reached, and paced how much of it the
	// pacer has given. The engine asks for each request right after its time.
	due   schedule.Batch
	paced int
}

// pace gives the intended starts of the share, in step with Next.
func (s *wireSource) pace() wire.Pacer {
	s.schedule = schedule.New(schedule.Options{Workload: &s.plan.Workload, Seed: s.plan.Seed, Length: s.plan.Length, Times: s.plan.Times})
	return (*wirePacer)(s)
}

type wirePacer wireSource

// Next implements wire.Pacer.
func (p *wirePacer) Next() (int64, bool) {
	for p.paced >= p.due.Count {
		b, ok := p.schedule.Next()
		if !ok {
			return 0, false
		}
		if b.Number%p.share.of != p.share.number {
			continue
		}
		p.due, p.paced = b, 0
	}
	p.paced++
	return int64(p.due.At), true
}

// Next implements wire.Source.
func (s *wireSource) Next(buf []byte, intended int64) ([]byte, wire.Request, bool) {
	if s.stopped.Load() {
		return buf, wire.Request{}, false
	}
	at := time.Duration(intended)
	var index int64
	if s.schedule != nil {
		index = s.due.First + int64(s.paced) - 1
	} else {
		if at >= s.plan.Length || s.plan.Requests > 0 && s.number >= s.plan.Requests {
			return buf, wire.Request{}, false
		}
		if s.drawn >= s.batch.Count {
			s.number += s.share.of
			if s.plan.Requests > 0 && s.number >= s.plan.Requests {
				return buf, wire.Request{}, false
			}
			s.batch, s.drawn = schedule.BatchOf(&s.plan.Workload, s.plan.Seed, s.number), 0
		}
		index = s.batch.First + int64(s.drawn)
		s.drawn++
	}
	buf, m := s.stream.Append(buf, index, at)
	r := wire.Request{
		Slot: uint16(m.Slot), Command: uint8(m.Command), Replies: uint8(m.Replies),
		Wait: uint8(m.Wait), Local: uint8(m.Local), Read: m.Reads, Effect: m.Effect,
	}
	if s.tag && m.Write && !m.Keyless {
		r.Tag = 1
	}
	return buf, r, true
}
