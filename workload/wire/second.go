package wire

import (
	"time"
)

// Counts are requests by outcome. Hits and Misses divide the requests marked Read among OK:
// a miss found nothing.
type Counts struct {
	OK, Failed, Unknown, Overflow uint64
	Hits, Misses                  uint64
}

// Total is the number of requests.
func (c Counts) Total() uint64 { return c.OK + c.Failed + c.Unknown + c.Overflow }

func (c *Counts) add(d Counts) {
	c.OK += d.OK
	c.Failed += d.Failed
	c.Unknown += d.Unknown
	c.Overflow += d.Overflow
	c.Hits += d.Hits
	c.Misses += d.Misses
}

func (c *Counts) count(o Outcome) {
	switch o {
	case OK:
		c.OK++
	case Failed:
		c.Failed++
	case Unknown:
		c.Unknown++
	default:
		c.Overflow++
	}
}

// found counts a read as a hit or a miss.
func (c *Counts) found(something bool) {
	if something {
		c.Hits++
	} else {
		c.Misses++
	}
}

// Cell is one command on one shard in one second. The histograms cover requests
// that ended ok. In a closed loop a request's intended start is when its place on
// a connection fell free.
type Cell struct {
	Counts
	// Response is from the intended start to the reply, Service from the write
	// that sent it to the reply. Slip is the driver's own lateness: from the
	// intended start to that write, less the wait for a connection to have room.
	Response, Service, Slip Histogram
}

// Entry is the fate of a tagged request. Times are nanoseconds since the load
// started.
type Entry struct {
	Tag      uint64
	Intended int64
	// Sent is when it was first written, 0 if it never was.
	Sent int64
	// Done is when the reply was read, or the outcome settled otherwise.
	Done    int64
	Shard   uint16
	Command uint8
	Outcome Outcome
	Class   Class
}

// Second holds the requests whose intended start lies in one second of the
// load, whenever they ended.
type Second struct {
	// Seq counts seconds from the load's start.
	Seq int
	// Cells are indexed by shard, then by command. Shards are numbered by their
	// lowest slot as first seen; a shard keeps its number through failovers.
	Cells [][]Cell
	// Errors counts the requests that did not end ok by class.
	Errors [Classes]uint64
	// Answered counts those of unknown outcome that were answered with an error.
	Answered [Classes]uint64
	// Entries are the tagged requests, by core in the order in which they ended.
	Entries []Entry
	// PrimaryReads and ReplicaReads count the requests marked Read that ended ok, by
	// the role of the node that answered; without Config.ReadReplicas all have primaries.
	PrimaryReads, ReplicaReads uint64
	// Completed counts ok replies that came in this second, whenever they were
	// intended.
	Completed uint64
	// InFlightMax is the most requests under way or waiting at once; over several
	// cores the sum of each one's most.
	InFlightMax int
	// Wake is how much later than asked the loops woke when nothing had come.
	Wake Histogram
	// Stats is what the loops did in this second; it ends within 50 ms of the
	// second's end.
	Stats Stats

	pending int // requests of this second under way
}

// Counts sums the cells.
func (s *Second) Counts() Counts {
	var sum Counts
	for _, shard := range s.Cells {
		for i := range shard {
			sum.add(shard[i].Counts)
		}
	}
	return sum
}

// cell gives the cell of a shard and a command, and makes room for it.
func (s *Second) cell(shard, command, commands int) *Cell {
	if shard >= len(s.Cells) {
		s.grow(shard, commands)
	}
	return &s.Cells[shard][command]
}

func (s *Second) grow(shard, commands int) {
	for shard >= len(s.Cells) {
		s.Cells = append(s.Cells, make([]Cell, commands))
	}
}

// merge adds another core's share of the same second.
func (s *Second) merge(from *Second, commands int) {
	for shard := range from.Cells {
		for command := range from.Cells[shard] {
			f, t := &from.Cells[shard][command], s.cell(shard, command, commands)
			t.Counts.add(f.Counts)
			t.Response.merge(&f.Response)
			t.Service.merge(&f.Service)
			t.Slip.merge(&f.Slip)
		}
	}
	for c, n := range from.Errors {
		s.Errors[c] += n
	}
	for c, n := range from.Answered {
		s.Answered[c] += n
	}
	s.Entries = append(s.Entries, from.Entries...)
	s.PrimaryReads += from.PrimaryReads
	s.ReplicaReads += from.ReplicaReads
	s.Completed += from.Completed
	s.InFlightMax += from.InFlightMax
	s.Wake.merge(&from.Wake)
	s.Stats = s.Stats.plus(from.Stats)
}

// reset empties a second for its next use and keeps its memory.
func (s *Second) reset(seq int) {
	for shard := range s.Cells {
		for command := range s.Cells[shard] {
			c := &s.Cells[shard][command]
			c.Counts = Counts{}
			c.Response.reset()
			c.Service.reset()
			c.Slip.reset()
		}
	}
	s.Wake.reset()
	*s = Second{Seq: seq, Cells: s.Cells, Entries: s.Entries[:0], Wake: s.Wake}
}

// Stats are sums over a run, or over a second of it.
type Stats struct {
	// Reads, Writes and Waits count system calls: those that move data, and those
	// that wait for events. Others, such as connect, are rare.
	Reads, Writes, Waits uint64
	// CPU is the processor time of the event loops' threads.
	CPU time.Duration
	// Moved and Asked count redirects, Dials attempts to connect, and Lost the
	// connections that ended unasked.
	Moved, Asked, Dials, Lost uint64
}

// plus adds s and t.
func (s Stats) plus(t Stats) Stats {
	return Stats{s.Reads + t.Reads, s.Writes + t.Writes, s.Waits + t.Waits, s.CPU + t.CPU,
		s.Moved + t.Moved, s.Asked + t.Asked, s.Dials + t.Dials, s.Lost + t.Lost}
}

// minus is what s has more than t, an earlier state of the same sums.
func (s Stats) minus(t Stats) Stats {
	return Stats{s.Reads - t.Reads, s.Writes - t.Writes, s.Waits - t.Waits, s.CPU - t.CPU,
		s.Moved - t.Moved, s.Asked - t.Asked, s.Dials - t.Dials, s.Lost - t.Lost}
}
