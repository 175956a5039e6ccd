package wire

import "time"

const second = int64(time.Second)

// recorder keeps the seconds of one core that are not yet over. It is used by
// its loop alone; finished seconds leave through out and come back, emptied,
// through free. Times are nanoseconds since the load started.
type recorder struct {
	commands int
	open     []*Second // consecutive; open[0].Seq is first
	first    int
	out      chan *Second
	free     chan *Second

	cur      *Second // the second of curStart ≤ ns < curStart + 1 s, or nil
	curStart int64
}

// seconds of one core that may wait for the merger before the loop keeps them.
const handOverDepth = 16

func newRecorder(commands int) *recorder {
	return &recorder{commands: commands, out: make(chan *Second, handOverDepth), free: make(chan *Second, handOverDepth)}
}

// of gives the second in which ns lies, remembering it: times come in runs. What
// lies before the first open second counts to that.
func (r *recorder) of(ns int64) *Second {
	if r.cur != nil && uint64(ns-r.curStart) < uint64(second) {
		return r.cur
	}
	seq := int(ns / second)
	s := r.at(max(seq, r.first))
	if s.Seq == seq {
		r.cur, r.curStart = s, int64(seq)*second
	}
	return s
}

// at gives the second with this number, which must not be handed over yet.
func (r *recorder) at(seq int) *Second {
	for seq >= r.first+len(r.open) {
		r.open = append(r.open, r.fresh(r.first+len(r.open)))
	}
	return r.open[seq-r.first]
}

func (r *recorder) fresh(seq int) *Second {
	select {
	case s := <-r.free:
		s.Seq = seq
		return s
	default:
		return &Second{Seq: seq}
	}
}

// handOver gives away the seconds before limit, in order, up to the first that
// has requests under way. It does not block: where the merger is behind, seconds
// wait here.
func (r *recorder) handOver(limit int) {
	for r.first < limit && len(r.out) < cap(r.out) {
		if s := r.at(r.first); s.pending > 0 {
			return
		}
		r.out <- r.shift()
	}
}

// finish gives away all that is left, which may block, and ends the recording.
func (r *recorder) finish() {
	for len(r.open) > 0 {
		r.out <- r.shift()
	}
	close(r.out)
}

func (r *recorder) shift() *Second {
	s := r.open[0]
	r.open[0] = nil
	r.open = r.open[1:]
	r.first++
	if r.cur == s {
		r.cur = nil
	}
	return s
}

// merge joins the cores' shares of each second, calls f with them in order, and
// gives their memory back. It ends when all recorders have finished.
func merge(recorders []*recorder, f func(*Second)) {
	shares := make([]*Second, len(recorders))
	for {
		var sum *Second
		for i, r := range recorders {
			shares[i] = <-r.out // nil from one that has finished
			switch {
			case shares[i] == nil:
			case sum == nil:
				sum = shares[i]
			default:
				sum.merge(shares[i], r.commands)
			}
		}
		if sum == nil {
			return
		}
		f(sum)
		for i, r := range recorders {
			if shares[i] == nil {
				continue
			}
			shares[i].reset(0)
			select {
			case r.free <- shares[i]:
			default:
			}
		}
	}
}
