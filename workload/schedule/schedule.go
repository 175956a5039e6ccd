// Package schedule fixes the intended start of every request before anything is
// sent:
//
//	rate over time ─▶ its integral ─▶ arrivals at unit rate, turned back ─▶ starts
//
// A pattern of rates is a density; where its integral reaches the k-th arrival of
// a process with unit rate, the k-th request is due. With arrivals at 0, 1, 2 ...
// that is a constant spacing, with exponential gaps an inhomogeneous Poisson
// process. Source: Çinlar, 'Introduction to Stochastic Processes', 1975, section
// 4.7 (time change).
package schedule

import (
	"math"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/random"
)

// Options of a schedule.
type Options struct {
	Workload *scenarios.Workload
	Seed     uint64
	// Length is the time in which requests are due: warm-up and timeline.
	Length time.Duration
	// Times are the offsets of a replay from the timeline's start, in order.
	Times []time.Duration
}

// Batch is the requests of one moment: Count requests with the indices First to
// First+Count-1. Without pipelines Count is 1, and First counts from 0.
type Batch struct {
	// Number counts batches from 0.
	Number int64
	First  int64
	Count  int
	// At is the intended start, as an offset from the start of the load.
	At time.Duration
}

// Schedule gives the batches of an open-loop load in order.
type Schedule struct {
	o       Options
	poisson bool
	mean    float64 // requests in a batch
	number  int64
	target  float64 // arrivals at unit rate so far
	before  float64 // requests due before the present stretch
	curve   scenarios.Curve
	n       int // of the stretch
	stretch scenarios.Stretch
	replay  bool
	skip    int // times given already
}

// New is a schedule at its beginning.
func New(o Options) *Schedule {
	least, most := o.Workload.Pipeline.Range()
	s := &Schedule{o: o, poisson: o.Workload.Arrival == "poisson", mean: float64(least+most) / 2}
	s.replay = o.Workload.Pattern != nil && o.Workload.Pattern.Replay != nil
	s.curve = o.Workload.Curve()
	s.stretch = s.curve.Stretch(0)
	return s
}

// arrivalStream keeps arrivals and contents apart, so that changing the one does
// not change the other.
const arrivalStream = 0xa5a5_5a5a_0f0f_f0f0

// BatchOf is the batch of a number without its time: its size is drawn from the
// seed and the number, its indices leave room for the largest. A closed loop has
// no other schedule.
func BatchOf(w *scenarios.Workload, seed uint64, number int64) Batch {
	least, most := w.Pipeline.Range()
	b := Batch{Number: number, First: number * int64(most), Count: least}
	if most > least {
		d := random.For(^seed^arrivalStream, number)
		b.Count += int(d.Int(int64(most - least + 1)))
	}
	return b
}

// Next is the next batch; ok is false when no more are due.
func (s *Schedule) Next() (b Batch, ok bool) {
	b = BatchOf(s.o.Workload, s.o.Seed, s.number)
	if s.poisson {
		d := random.For(s.o.Seed^arrivalStream, s.number)
		s.target += d.Exponential() * s.mean
	}
	b.At, ok = s.due()
	s.number++
	if !s.poisson {
		s.target += float64(b.Count)
	}
	return b, ok
}

// due is when the integrated rate reaches the target.
func (s *Schedule) due() (time.Duration, bool) {
	for {
		area := s.stretch.Area(s.stretch.End)
		if s.target-s.before < area {
			at := time.Duration(reach(s.stretch, s.target-s.before) * float64(time.Second))
			return at, at < s.o.Length
		}
		if s.replay && math.IsInf(s.stretch.End, 1) {
			return s.replayed()
		}
		if s.stretch.End >= s.o.Length.Seconds() {
			return 0, false
		}
		s.before += area
		s.n++
		s.stretch = s.curve.Stretch(s.n)
	}
}

// replayed is the next time of the file; the pipeline's depth takes as many of
// them as one moment.
func (s *Schedule) replayed() (time.Duration, bool) {
	if s.skip >= len(s.o.Times) {
		return 0, false
	}
	at := s.o.Workload.Warmup.Std() + s.o.Times[s.skip]
	s.skip++
	return at, at < s.o.Length
}

// reach is the time, in seconds, at which a stretch has given so many requests.
func reach(s scenarios.Stretch, requests float64) float64 {
	if s.From == s.To {
		// Not by adding up: no rounding error grows.
		return s.Start + requests/s.From
	}
	slope := (s.To - s.From) / (s.End - s.Start)
	// The root of the parabola, in the form that holds near a slope of 0.
	root := math.Sqrt(max(s.From*s.From+2*slope*requests, 0))
	if s.From+root == 0 {
		return s.Start
	}
	return min(s.Start+2*requests/(s.From+root), s.End)
}
