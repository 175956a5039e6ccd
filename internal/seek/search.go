// Package seek finds the highest value that meets a condition, such as a request rate, when
// each try of a value is a whole run.
//
//	value ─▶ try (runs) ─▶ step ─▶ read: met, missed or neither ─▶ bracket, bisect, confirm ─▶ answer
//
// The search knows nothing of runs: it asks for values. So an interrupted one
// resumes by being given the steps that were taken before, one after the other.
package seek

import (
	"context"
	"fmt"
	"math"
)

// Limits of a search.
const (
	// attempts at a value whose runs gave no answer.
	attempts = 3
	// maxSteps ends a search that noise keeps from ending.
	maxSteps = 40
)

// Plan is how a search goes about.
type Plan struct {
	// From is the first value; Tolerance is how far the values around the answer may
	// lie apart, as a share of the lower one.
	From, Tolerance float64
	// Least and Most are the lowest and the highest value that are tried.
	Least, Most float64
	// Whole values are numbers without a fraction, such as positions on a ladder.
	// Others have three digits.
	Whole bool
	// Confirm is how often the two values around the answer are tried, at least once.
	Confirm int
}

// Outcome is what a step says of its value.
type Outcome int

// The outcomes.
const (
	Open   Outcome = iota // neither of the others
	Met                   // the value met the condition
	Missed                // it did not
)

// Limit is what ended a search.
type Limit int

// The limits.
const (
	NoLimit Limit = iota // nothing was tried
	ByMiss               // a higher value missed the condition
	ByMost               // the highest value that was to be tried met it
	ByOpen               // no run at a higher value gave an answer
)

// Try measures one value.
type Try[S any] func(ctx context.Context, value float64) (S, error)

// Read is the value of a step, and what the step says of it.
type Read[S any] func(S) (value float64, is Outcome)

// Answer is the end of a search.
type Answer[S any] struct {
	// Value is the highest that met the condition; 0 if none did. Confirmed: it did so as
	// often as the plan wants. Missed is the lowest above it that did not, 0 if none was
	// found.
	Value     float64
	Confirmed bool
	Missed    float64
	Limit     Limit
	Steps     []S
}

// search is one under way.
type search[S any] struct {
	Plan
	try   Try[S]
	read  Read[S]
	steps []S
	// low is the highest value that met, 0 if none yet; high the lowest that did
	// not, infinite if none yet.
	low, high float64
	limit     Limit
}

// Search brackets the value by doubling or halving, bisects, and repeats both ends:
// the answer is a value that met the condition as often as the plan wants, below one that
// missed it as often. If a value meets it at once that missed it before, or misses it where
// it was met, the search goes on from there. A value whose runs gave no answer is neither:
// it is tried again, and if that repeats, it bounds the answer, which says so.
func Search[S any](ctx context.Context, p Plan, try Try[S], read Read[S]) (*Answer[S], error) {
	s := &search[S]{Plan: p, try: try, read: read, high: math.Inf(1)}
	if err := s.run(ctx); err != nil {
		return s.answer(), err
	}
	return s.answer(), nil
}

func (s *search[S]) answer() *Answer[S] {
	a := &Answer[S]{Value: s.low, Limit: s.limit, Steps: s.steps}
	a.Confirmed = s.low > 0 && s.count(s.low, Met) >= s.Confirm
	a.Missed = s.lowestMissed()
	return a
}

// lowestMissed is the lowest value above the answer that missed the condition; 0 if none
// did. A value without an answer, or that was not tried, missed nothing.
func (s *search[S]) lowestMissed() float64 {
	lowest := 0.0
	for _, st := range s.steps {
		if value, is := s.read(st); is == Missed && value > s.low && (lowest == 0 || value < lowest) {
			lowest = value
		}
	}
	return lowest
}

func (s *search[S]) run(ctx context.Context) error {
	for len(s.steps) < maxSteps {
		value := s.next()
		if value == 0 {
			return nil
		}
		outcome, err := s.measure(ctx, value)
		if err != nil {
			return err
		}
		switch outcome {
		case Met:
			s.low = max(s.low, value)
			if value >= s.high {
				s.high = s.lowestAbove(value)
			}
			if value >= s.Most {
				s.limit = ByMost
				s.high = min(s.high, value)
			}
		case Missed:
			s.high, s.limit = min(s.high, value), ByMiss
			if value <= s.low {
				s.low = s.highestBelow(value)
			}
		default:
			s.high, s.limit = min(s.high, value), ByOpen
		}
	}
	return nil
}

// next is the value to try, 0 if the answer is known.
func (s *search[S]) next() float64 {
	switch {
	case s.low == 0 && math.IsInf(s.high, 1):
		return min(s.round(s.From), s.Most)
	case s.low == 0:
		return s.below()
	case math.IsInf(s.high, 1):
		return min(s.round(2*s.low), s.Most)
	}
	if middle := s.round(math.Sqrt(s.low * s.high)); s.high/s.low > 1+s.Tolerance && middle > s.low && middle < s.high {
		return middle
	}
	switch {
	case s.count(s.low, Met) < s.Confirm:
		return s.low
	case s.high > s.low && s.count(s.high, Missed) > 0 && s.count(s.high, Missed) < s.Confirm:
		return s.high
	}
	return 0
}

// below is the value to try when none has met the condition yet.
func (s *search[S]) below() float64 {
	half := s.high / 2
	if s.Whole {
		half = math.Floor(half)
	}
	if half < s.Least {
		return 0
	}
	return s.round(half)
}

// measure tries a value until a run gives an answer.
func (s *search[S]) measure(ctx context.Context, value float64) (Outcome, error) {
	for i := 1; ; i++ {
		step, err := s.try(ctx, value)
		if err != nil {
			return Open, fmt.Errorf("trying %g: %w", value, err)
		}
		s.steps = append(s.steps, step)
		if _, is := s.read(step); is != Open || i == attempts {
			return is, nil
		}
	}
}

func (s *search[S]) count(value float64, is Outcome) int {
	n := 0
	for _, st := range s.steps {
		if at, came := s.read(st); at == value && came == is {
			n++
		}
	}
	return n
}

// highestBelow is the highest value below value that met and never missed.
func (s *search[S]) highestBelow(value float64) float64 {
	best := 0.0
	for _, st := range s.steps {
		if at, is := s.read(st); is == Met && at < value && at > best && s.count(at, Missed) == 0 {
			best = at
		}
	}
	return best
}

// lowestAbove is the lowest value above value that did not meet.
func (s *search[S]) lowestAbove(value float64) float64 {
	best := math.Inf(1)
	for _, st := range s.steps {
		if at, is := s.read(st); is != Met && at > value {
			best = min(best, at)
		}
	}
	return best
}

// round keeps values readable: whole numbers, or three digits.
func (s *search[S]) round(v float64) float64 {
	if s.Whole {
		return math.Round(v)
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Round(v/unit) * unit
}
