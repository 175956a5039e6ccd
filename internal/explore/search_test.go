package explore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/internal/explore/grammar"
)

// planted is a search whose runs take no time and fail if flawed says so.
func planted(t *testing.T, flawed func(grammar.Draft) []Violation) (s *Search, dropped func() []string) {
	t.Helper()
	var mu sync.Mutex
	var dirs []string
	s = &Search{
		Plan: Plan{Radius: grammar.Default(), First: 1, Seeds: 50, Jobs: 1, Tries: 60},
		Run: func(_ context.Context, trial Trial) (Outcome, error) {
			if _, err := trial.Draft.Scenario(); err != nil {
				t.Errorf("a trial of an invalid draft: %v", err)
			}
			return Outcome{Violations: flawed(trial.Draft), Verdict: "pass", Server: "redis 7.0.15", Dir: fmt.Sprintf("%d/%d", trial.Draft.Seed, trial.Try)}, nil
		},
		Keep: func(*Finding) error { return nil },
		Drop: func(dir string) error {
			mu.Lock()
			defer mu.Unlock()
			dirs = append(dirs, dir)
			return nil
		},
		Watch: func(Progress) {},
		Now:   time.Now,
	}
	return s, func() []string { return dirs }
}

// both is a flaw of two faults in one scenario.
func both(one, two string) func(grammar.Draft) []Violation {
	return func(d grammar.Draft) []Violation {
		kinds := map[string]bool{}
		for _, s := range d.Steps {
			kinds[s.Kind] = true
		}
		if kinds[one] && kinds[two] {
			return []Violation{{RuleWitness, "promotions", fmt.Sprintf("seed %d", d.Seed)}}
		}
		return nil
	}
}

// TestAPlantedPairIsFound: of seven kinds of faults, within 50 seeds, and shrunk to its two
// steps without any setting.
func TestAPlantedPairIsFound(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"pause", "failover"}, {"kill", "partition"}, {"cpu", "diskFull"}} {
		s, dropped := planted(t, both(pair[0], pair[1]))
		s.Plan.Radius.Faults = []string{"kill", "pause", "partition", "isolate", "failover", "cpu", "diskFull"}
		answer, err := s.All(t.Context())
		if err != nil || answer.Seeds != 50 || len(answer.Findings) == 0 {
			t.Fatalf("%v: %d seeds, %d findings, %v", pair, answer.Seeds, len(answer.Findings), err)
		}
		f := answer.Findings[0]
		var kinds []string
		for _, step := range f.Draft.Steps {
			kinds = append(kinds, step.Kind)
		}
		slices.Sort(kinds)
		if !f.Reproduced || !slices.Equal(kinds, pair[:]) && !slices.Equal(kinds, []string{pair[1], pair[0]}) || len(f.Draft.Steps) != 2 {
			t.Errorf("%v: shrunk to %v", pair, f.Draft.Steps)
		}
		if n := len(f.Draft.Settings); n > 1 || n == 1 && f.Draft.Settings[0].Path != "redis.storage" {
			t.Errorf("%v: settings %v are left", pair, f.Draft.Settings)
		}
		if slices.Contains(dropped(), f.Dir) || !slices.Contains(dropped(), fmt.Sprintf("%d/0", f.Seed)) {
			t.Errorf("%v: kept %s, dropped %v", pair, f.Dir, dropped())
		}
		for _, later := range answer.Findings[1:] {
			if later.Like == nil || *later.Like != f.Seed || later.Tries > 0 {
				t.Errorf("%v: the same kind again is %+v", pair, later)
			}
		}
	}
}

// TestASettingThatMattersStays: a flaw that needs a setting keeps it, and a part that
// another needs is no try.
func TestASettingThatMattersStays(t *testing.T) {
	t.Parallel()
	s, _ := planted(t, func(d grammar.Draft) []Violation {
		for _, setting := range d.Settings {
			if setting.Path == "redis.auth" {
				return []Violation{{Rule: RuleError, Subject: "exit code 1"}}
			}
		}
		return nil
	})
	answer, err := s.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f := answer.Findings[0]
	if len(f.Draft.Steps) != 0 || len(f.Draft.Settings) != 1 || f.Draft.Settings[0].Path != "redis.auth" {
		t.Errorf("shrunk to %v and %v", f.Draft.Steps, f.Draft.Settings)
	}
}

// TestTriesAreBounded: a shrinking takes as many runs as the plan allows, and a finding
// that does not come again is left as it was drawn.
func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	for _, tries := range []int{0, 1, 3} {
		s, _ := planted(t, both("kill", "pause"))
		s.Plan.Tries = tries
		answer, err := s.All(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f := answer.Findings[0]; f.Tries != tries || f.Reproduced != (tries > 0) || answer.Runs != answer.Seeds+tries {
			t.Errorf("%d tries: %d of %d runs, reproduced %v", tries, f.Tries, answer.Runs, f.Reproduced)
		}
	}
	once := map[uint64]bool{}
	s, _ := planted(t, func(d grammar.Draft) []Violation {
		if once[d.Seed] {
			return nil
		}
		once[d.Seed] = true
		return []Violation{{Rule: RuleHang}}
	})
	answer, err := s.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if f := answer.Findings[0]; f.Reproduced || f.Tries != 1 || len(f.Draft.Steps) != len(f.Drawn.Steps) || f.Dir != "1/0" {
		t.Errorf("not reproduced: %+v", f)
	}
}

// TestASearchEnds: by its time, by a signal, by an error, and with several jobs after the
// same seeds.
func TestASearchEnds(t *testing.T) {
	t.Parallel()
	none := func(grammar.Draft) []Violation { return nil }
	s, _ := planted(t, none)
	clock := time.Time{}
	s.Plan.Seeds, s.Plan.Time = 0, 10*time.Minute
	s.Now = func() time.Time { clock = clock.Add(time.Second); return clock }
	answer, err := s.All(t.Context())
	if err != nil || answer.Seeds < 50 || answer.Seeds > 300 {
		t.Errorf("by time: %d seeds, %v", answer.Seeds, err)
	}

	s, _ = planted(t, none)
	stop := make(chan struct{})
	s.Stop = stop
	run, n := s.Run, 0
	s.Run = func(ctx context.Context, trial Trial) (Outcome, error) {
		if n++; n == 3 {
			close(stop)
		}
		return run(ctx, trial)
	}
	if answer, err = s.All(t.Context()); err != nil || answer.Seeds != 3 || !answer.Stopped {
		t.Errorf("by a signal: %d seeds, %v", answer.Seeds, err)
	}

	s, _ = planted(t, none)
	wrong := errors.New("no redis-server")
	s.Run = func(context.Context, Trial) (Outcome, error) { return Outcome{}, wrong }
	if answer, err = s.All(t.Context()); !errors.Is(err, wrong) || answer.Seeds != 0 {
		t.Errorf("by an error: %d seeds, %v", answer.Seeds, err)
	}

	s, _ = planted(t, none)
	s.Plan.Jobs = 4
	var mu sync.Mutex
	seen := map[uint64]bool{}
	s.Watch = func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		if p.Ended != nil {
			seen[p.Seed] = true
		}
	}
	if answer, err = s.All(t.Context()); err != nil || answer.Seeds != 50 || len(seen) != 50 || !seen[1] || !seen[50] {
		t.Errorf("four jobs: %d seeds, %d seen, %v", answer.Seeds, len(seen), err)
	}
}

// TestReduce: what is left is the least, whatever the place of what matters.
func TestReduce(t *testing.T) {
	t.Parallel()
	for _, matters := range []string{"", "a", "h", "ah", "de", "abc", "acegh", "abcdefgh"} {
		kept := strings.Split("abcdefgh", "")
		err := reduce(kept, func(list []string) (bool, error) {
			for _, m := range strings.Split(matters, "") {
				if !slices.Contains(list, m) {
					return false, nil
				}
			}
			kept = list
			return true, nil
		})
		if got := strings.Join(kept, ""); err != nil || got != matters {
			t.Errorf("%q is reduced to %q, %v", matters, got, err)
		}
	}
}
