package wire

import (
	"github.com/slotstorm/slotstorm/workload/resp"
)

// begin counts a request in from its intended start on.
func (l *loop) begin(f *flight) {
	s := l.rec.of(f.intended - l.start)
	f.sec = int32(s.Seq)
	s.pending++
	l.inflight++
	s.InFlightMax = max(s.InFlightMax, l.inflight)
}

// end counts a request out; now is when its outcome was settled.
func (l *loop) end(f *flight, o Outcome, class Class, r resp.Reply, now int64) {
	s := l.rec.at(int(f.sec))
	s.pending--
	l.inflight--
	cell := s.cell(int(f.shard), int(f.command), l.rec.commands)
	cell.count(o)
	if o == OK {
		if f.read {
			cell.found(!r.Empty())
		}
		cell.Response.record(now - f.intended)
		cell.Service.record(now - f.sent)
		cell.Slip.record(f.sent - f.intended - f.queued)
		l.rec.of(now-l.start).Completed++
	} else {
		s.Errors[class]++
		if o == Unknown && class.reply() {
			s.Answered[class]++
		}
		if class.stale() {
			l.stale(now)
		} else if class == ClassNoScript && l.cfg.OnNoScript != nil && now-l.missed >= int64(longTick) {
			l.missed = now
			l.cfg.OnNoScript()
		}
	}
	if f.tag != 0 {
		l.note(s, f, o, class, now)
		if l.observer != nil {
			l.observer.Observe(f.tag, o, r)
		}
	}
}

// answered counts a read by the role of the node that has answered it.
func (l *loop) answered(f *flight, replica bool) {
	s := l.rec.at(int(f.sec))
	if replica {
		s.ReplicaReads++
	} else {
		s.PrimaryReads++
	}
}

// overflow counts a request that was due and found no room.
func (l *loop) overflow(f *flight) {
	s := l.rec.of(f.intended - l.start)
	s.cell(int(f.shard), int(f.command), l.rec.commands).Overflow++
	s.Errors[ClassOverflow]++
	if f.tag != 0 {
		l.note(s, f, Overflow, ClassOverflow, l.t)
		if l.observer != nil {
			l.observer.Observe(f.tag, Overflow, resp.Reply{})
		}
	}
}

// note writes a tagged request into its second.
func (l *loop) note(s *Second, f *flight, o Outcome, class Class, now int64) {
	e := Entry{Tag: f.tag, Intended: f.intended - l.start, Done: now - l.start,
		Shard: f.shard, Command: f.command, Outcome: o, Class: class}
	if f.sent != 0 {
		e.Sent = f.sent - l.start
	}
	s.Entries = append(s.Entries, e)
}

// stale asks for a new topology, now and then.
func (l *loop) stale(now int64) {
	if now-l.asked >= int64(longTick) {
		l.asked = now
		l.control.refresh()
	}
}

// account gives a second that has just ended what the loop did in it.
func (l *loop) account(sec int) {
	l.stats.CPU = threadCPU() - l.cpu
	s := l.rec.at(max(sec, l.rec.first))
	s.Stats = s.Stats.plus(l.stats.minus(l.reported))
	l.reported = l.stats
}
