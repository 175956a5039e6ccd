// Package explore searches for scenarios that break an invariant of slotstorm.
//
//	seed ─▶ grammar.Draw ─▶ Run ─▶ Judge ─▶ shrink ─▶ Finding
//
// It does not know how a run is made: Run is a function.
package explore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/slotstorm/slotstorm/internal/explore/grammar"
)

// Plan says how long a search takes and what it may do.
type Plan struct {
	Radius grammar.Radius
	// First is the first seed.
	First uint64
	// Seeds is how many seeds are tried; 0 is no limit.
	Seeds int
	// Time is how long runs are started; 0 is no limit.
	Time time.Duration
	// Jobs is how many runs take place at once.
	Jobs int
	// Tries is how many runs the shrinking of a finding may take.
	Tries int
}

// Finding is a scenario that breaks an invariant.
type Finding struct {
	Seed uint64 `json:"seed"`
	Violation
	// Also are the other invariants that the same run broke.
	Also []Violation `json:"also,omitempty"`
	// Drawn is the draft of the seed, and Draft the smallest that still fails.
	Drawn grammar.Draft `json:"-"`
	Draft grammar.Draft `json:"-"`
	// Reproduced is set if a second run broke the same invariant. Only then is the
	// scenario made smaller. Tries is the number of runs that this took.
	Reproduced bool `json:"reproduced"`
	Tries      int  `json:"tries"`
	// Like is the seed of an earlier finding of the same kind, which was made smaller
	// instead of this one.
	Like *uint64 `json:"like,omitempty"`
	// Dir is the folder of the trial with the smallest draft.
	Dir string `json:"dir"`
}

// Search is a search under way.
type Search struct {
	Plan Plan
	// Run carries a trial out. An error ends the search.
	Run func(context.Context, Trial) (Outcome, error)
	// Keep is called with each finding, and Drop with each folder that is of no use.
	Keep func(*Finding) error
	Drop func(dir string) error
	// Watch follows the search; it may be called by several goroutines at once.
	Watch func(Progress)
	// Stop, when closed, starts nothing new.
	Stop <-chan struct{}
	Now  func() time.Time

	mu     sync.Mutex
	next   int
	began  time.Time
	seen   map[string]uint64
	answer Answer
}

// Answer is what a search came to.
type Answer struct {
	SchemaVersion int    `json:"schemaVersion"`
	First         uint64 `json:"first"`
	// Seeds is how many seeds were run, and Runs how many runs there were with those of
	// the shrinking.
	Seeds    int        `json:"seeds"`
	Runs     int        `json:"runs"`
	Seconds  float64    `json:"seconds"`
	Findings []*Finding `json:"findings"`
	Coverage *Coverage  `json:"coverage"`
	// Stopped is set if the search was interrupted.
	Stopped bool `json:"stopped,omitempty"`
}

// Progress is a moment of a search.
type Progress struct {
	Seed uint64
	// Draft is what runs, or has run. Try is that of the trial.
	Draft grammar.Draft
	Try   int
	// Ended is what a trial came to; nil while it runs.
	Ended *Outcome
	// Found is a finding, once it is as small as it gets.
	Found *Finding
	// Done, Findings and Elapsed are of the whole search.
	Done, Findings int
	Elapsed        time.Duration
}

// All searches until the plan is carried out.
func (s *Search) All(ctx context.Context) (*Answer, error) {
	s.began, s.seen = s.Now(), map[string]uint64{}
	s.answer = Answer{SchemaVersion: 1, First: s.Plan.First, Findings: []*Finding{}, Coverage: NewCoverage(s.Plan.Radius)}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	for range max(s.Plan.Jobs, 1) {
		workers.Go(func() {
			for seed, ok := s.take(ctx); ok; seed, ok = s.take(ctx) {
				if err := s.seed(ctx, seed); err != nil {
					cancel(err)
				}
			}
		})
	}
	workers.Wait()
	s.answer.Seconds = s.Now().Sub(s.began).Round(time.Millisecond).Seconds()
	s.answer.Stopped = s.stopped()
	return &s.answer, context.Cause(ctx)
}

// take gives the next seed; false if there is none.
func (s *Search) take(ctx context.Context) (uint64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || s.stopped() || s.late() || s.Plan.Seeds > 0 && s.next == s.Plan.Seeds {
		return 0, false
	}
	seed := s.Plan.First + uint64(s.next)
	s.next++
	return seed, true
}

func (s *Search) stopped() bool {
	select {
	case <-s.Stop:
		return true
	default:
		return false
	}
}

// late reports whether the time is up.
func (s *Search) late() bool { return s.Plan.Time > 0 && s.Now().Sub(s.began) >= s.Plan.Time }

// seed tries one seed, and makes what it finds smaller.
func (s *Search) seed(ctx context.Context, seed uint64) error {
	d := grammar.Draw(seed, s.Plan.Radius)
	o, err := s.try(ctx, Trial{Draft: d})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.answer.Seeds++
	s.answer.Coverage.Add(o)
	s.mu.Unlock()
	if len(o.Violations) == 0 {
		return s.Drop(o.Dir)
	}
	f := &Finding{Seed: seed, Violation: o.Violations[0], Also: o.Violations[1:], Drawn: d, Draft: d, Dir: o.Dir}
	if s.first(f) {
		if err := s.smaller(ctx, f); err != nil {
			return err
		}
	}
	if err := s.Keep(f); err != nil {
		return err
	}
	s.mu.Lock()
	s.answer.Findings = append(s.answer.Findings, f)
	s.mu.Unlock()
	s.report(Progress{Seed: seed, Draft: f.Draft, Found: f})
	return nil
}

// first reports whether f is the first of its kind; if not, f names the first.
func (s *Search) first(f *Finding) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if earlier, ok := s.seen[f.Key()]; ok {
		f.Like = &earlier
		return false
	}
	s.seen[f.Key()] = f.Seed
	return true
}

// smaller runs a finding again, and if it is found again, makes it smaller.
func (s *Search) smaller(ctx context.Context, f *Finding) error {
	failing := func(d grammar.Draft) (bool, error) {
		if s.stopped() || s.late() {
			return false, errTries
		}
		f.Tries++
		o, err := s.try(ctx, Trial{Draft: d, Try: f.Tries})
		if err != nil {
			return false, err
		}
		for i, v := range o.Violations {
			if v.Key() != f.Key() {
				continue
			}
			if err := s.Drop(f.Dir); err != nil {
				return false, err
			}
			f.Violation, f.Dir, f.Draft, f.Reproduced = v, o.Dir, d, true
			f.Also = append(append([]Violation{}, o.Violations[:i]...), o.Violations[i+1:]...)
			return true, nil
		}
		return false, s.Drop(o.Dir)
	}
	if s.Plan.Tries == 0 {
		return nil
	}
	again, err := failing(f.Drawn)
	if errors.Is(err, errTries) {
		return nil
	}
	if err != nil || !again {
		return err
	}
	_, _, err = shrink(f.Drawn, s.Plan.Tries-1, failing)
	return err
}

// try runs a trial.
func (s *Search) try(ctx context.Context, t Trial) (Outcome, error) {
	s.report(Progress{Seed: t.Draft.Seed, Draft: t.Draft, Try: t.Try})
	o, err := s.Run(ctx, t)
	s.mu.Lock()
	s.answer.Runs++
	s.mu.Unlock()
	if err == nil {
		s.report(Progress{Seed: t.Draft.Seed, Draft: t.Draft, Try: t.Try, Ended: &o})
	}
	return o, err
}

func (s *Search) report(p Progress) {
	s.mu.Lock()
	p.Done, p.Findings, p.Elapsed = s.answer.Seeds, len(s.answer.Findings), s.Now().Sub(s.began)
	s.mu.Unlock()
	s.Watch(p)
}
