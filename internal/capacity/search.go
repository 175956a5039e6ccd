// Package capacity finds the highest rate at which a scenario's objectives hold.
//
//	rate ─▶ try (a whole run) ─▶ report.CapacityStep ─▶ bracket, bisect, confirm ─▶ answer
//
// The search knows nothing of runs: it asks for rates. So an interrupted one
// resumes by being given the steps that were taken before, one after the other.
package capacity

import (
	"context"
	"fmt"
	"math"

	"github.com/slotstorm/slotstorm/report/compare"
)

// Limits of a search.
const (
	// attempts at a rate whose runs gave no answer.
	attempts = 3
	// maxSteps ends a search that noise keeps from ending.
	maxSteps = 40
	// lowest rate that is tried, in requests per second.
	lowest = 10
)

// Plan is how a search goes about.
type Plan struct {
	// From is the first rate; Tolerance is how far the rates around the answer may
	// lie apart, as a share of the lower one.
	From, Tolerance float64
	// Most is the highest rate that is tried.
	Most float64
}

// Try measures one rate.
type Try func(ctx context.Context, rate float64) (compare.CapacityStep, error)

// search is one under way.
type search struct {
	Plan
	try   Try
	steps []compare.CapacityStep
	// low is the highest rate that met, 0 if none yet; high the lowest that did
	// not, infinite if none yet.
	low, high float64
	limit     string
}

// Search brackets the rate by doubling or halving, bisects, and repeats both ends:
// the answer is a rate that met the objectives twice, below one that missed them
// twice. If they hold at once at a rate that failed before, or fail where they
// held, the search goes on from there. A rate that the load
// generator could not carry is neither: it is tried again, and if that repeats, it
// bounds the answer, which says so.
func Search(ctx context.Context, p Plan, try Try) (*compare.CapacityAnswer, error) {
	s := &search{Plan: p, try: try, high: math.Inf(1)}
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	a := &compare.CapacityAnswer{Rate: s.low, Limit: s.limit, Steps: s.steps}
	a.Confirmed = s.count(s.low, compare.Meets) > 1
	a.Misses = s.lowestMissed()
	return a, nil
}

// lowestMissed is the lowest rate above the answer that missed the objectives; 0 if none
// did. A rate that the load generator could not carry, or did not have to try, missed none.
func (s *search) lowestMissed() float64 {
	lowest := 0.0
	for _, st := range s.steps {
		if st.Outcome == compare.Misses && st.Rate > s.low && (lowest == 0 || st.Rate < lowest) {
			lowest = st.Rate
		}
	}
	return lowest
}

func (s *search) run(ctx context.Context) error {
	for len(s.steps) < maxSteps {
		rate := s.next()
		if rate == 0 {
			return nil
		}
		outcome, err := s.measure(ctx, rate)
		if err != nil {
			return err
		}
		switch outcome {
		case compare.Meets:
			s.low = max(s.low, rate)
			if rate >= s.high {
				s.high = s.lowestAbove(rate)
			}
			if rate >= s.Most {
				s.limit = "the highest rate that was to be tried"
				s.high = min(s.high, rate)
			}
		case compare.Misses:
			s.high, s.limit = min(s.high, rate), "the objectives"
			if rate <= s.low {
				s.low = s.highestBelow(rate)
			}
		default:
			s.high, s.limit = min(s.high, rate), "the load generator: the cluster may carry more"
		}
	}
	return nil
}

// next is the rate to try, 0 if the answer is known.
func (s *search) next() float64 {
	switch {
	case s.low == 0 && math.IsInf(s.high, 1):
		return round(min(s.From, s.Most))
	case s.low == 0:
		if s.high/2 < lowest {
			return 0
		}
		return round(s.high / 2)
	case math.IsInf(s.high, 1):
		return round(min(2*s.low, s.Most))
	}
	if middle := round(math.Sqrt(s.low * s.high)); s.high/s.low > 1+s.Tolerance && middle > s.low && middle < s.high {
		return middle
	}
	switch {
	case s.count(s.low, compare.Meets) < 2:
		return s.low
	case s.high > s.low && s.count(s.high, compare.Misses) == 1:
		return s.high
	}
	return 0
}

// measure tries a rate until a run gives an answer.
func (s *search) measure(ctx context.Context, rate float64) (compare.CapacityOutcome, error) {
	for i := 1; ; i++ {
		step, err := s.try(ctx, rate)
		if err != nil {
			return "", fmt.Errorf("measuring %g requests per second: %w", rate, err)
		}
		s.steps = append(s.steps, step)
		if step.Outcome == compare.Meets || step.Outcome == compare.Misses || i == attempts {
			return step.Outcome, nil
		}
	}
}

func (s *search) count(rate float64, is compare.CapacityOutcome) int {
	n := 0
	for _, st := range s.steps {
		if st.Rate == rate && st.Outcome == is {
			n++
		}
	}
	return n
}

// highestBelow is the highest rate below rate that met and never missed.
func (s *search) highestBelow(rate float64) float64 {
	best := 0.0
	for _, st := range s.steps {
		if st.Outcome == compare.Meets && st.Rate < rate && st.Rate > best && s.count(st.Rate, compare.Misses) == 0 {
			best = st.Rate
		}
	}
	return best
}

// lowestAbove is the lowest rate above rate that did not meet.
func (s *search) lowestAbove(rate float64) float64 {
	best := math.Inf(1)
	for _, st := range s.steps {
		if st.Outcome != compare.Meets && st.Rate > rate {
			best = min(best, st.Rate)
		}
	}
	return best
}

// round keeps rates readable: three digits.
func round(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Round(v/unit) * unit
}
