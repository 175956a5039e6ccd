package seek

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// step is a value that was tried.
type step struct {
	at float64
	is Outcome
}

func read(s step) (float64, Outcome) { return s.at, s.is }

// capped meets values up to limit, and has no answer above generator; noise is the chance that a
// step has the wrong outcome, or none.
func capped(limit, generator, noise float64, seed uint64, asked *[]float64) Try[step] {
	random := rand.New(rand.NewPCG(seed, 1))
	return func(_ context.Context, value float64) (step, error) {
		*asked = append(*asked, value)
		s := step{value, Missed}
		switch {
		case value > generator:
			s.is = Open
		case value <= limit != (random.Float64() < noise):
			s.is = Met
		}
		return s, nil
	}
}

func TestSearch(t *testing.T) {
	for _, tt := range []struct {
		name                   string
		limit, generator, from float64
		want                   float64
		confirmed              bool
	}{
		{"up", 7300, 1e9, 1000, 7300, true},
		{"down", 130, 1e9, 1000, 130, true},
		{"at the start", 1000, 1e9, 1000, 1000, true},
		{"never", 0, 1e9, 1000, 0, false},
		{"the generator ends first", 50_000, 9000, 1000, 9000, true},
		{"the highest that was to be tried", 1e9, 1e9, 1000, 20_000, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked []float64
			a, err := Search(t.Context(), Plan{From: tt.from, Tolerance: 0.04, Least: 10, Confirm: 2, Most: 20_000}, capped(tt.limit, tt.generator, 0, 1, &asked), read)
			if err != nil {
				t.Fatal(err)
			}
			if a.Value > tt.want || a.Value < tt.want*0.95 || a.Confirmed != tt.confirmed || len(asked) > 25 {
				t.Errorf("%+v after %v, want %v", a, asked, tt.want)
			}
			if missed := tt.limit < min(tt.generator, 20_000); missed != (a.Missed > 0) || missed && (a.Missed <= a.Value || a.Missed <= tt.limit) {
				t.Errorf("missed at %v, of a cluster that carries %v", a.Missed, tt.limit)
			}
			if tt.generator < 1e9 && (a.Limit == ByOpen) != (tt.generator < tt.limit) {
				t.Errorf("the limit is %v", a.Limit)
			}
		})
	}
}

// TestSearchEndsAtMost: the highest value is tried as it is, whatever its digits.
func TestSearchEndsAtMost(t *testing.T) {
	for _, most := range []float64{65_536, 12_345, 12_355, 999} {
		var asked []float64
		a, err := Search(t.Context(), Plan{From: 1000, Tolerance: 0.04, Least: 10, Confirm: 2, Most: most}, capped(1e9, 1e9, 0, 1, &asked), read)
		if err != nil {
			t.Fatal(err)
		}
		if a.Value != most || a.Limit != ByMost || slices.Max(asked) > most || len(asked) > 12 {
			t.Errorf("up to %v: %+v after %v", most, a, asked)
		}
	}
}

// TestSearchInNoise: one step in twelve is wrong, and the answer is still near.
func TestSearchInNoise(t *testing.T) {
	near := 0
	for seed := range uint64(100) {
		var asked []float64
		a, err := Search(t.Context(), Plan{From: 1000, Tolerance: 0.04, Least: 10, Confirm: 2, Most: 1e6}, capped(7300, 1e9, 1.0/12, seed, &asked), read)
		if err != nil {
			t.Fatal(err)
		}
		if a.Value > 7300*0.9 && a.Value < 7300*1.1 {
			near++
		}
	}
	if near < 75 {
		t.Errorf("%d of 100 searches came near", near)
	}
}

// TestSearchResumes: given the steps that were taken, the same search asks for
// the rates that are left.
func TestSearchResumes(t *testing.T) {
	var first []float64
	plan := Plan{From: 1000, Tolerance: 0.04, Least: 10, Confirm: 2, Most: 1e6}
	whole, err := Search(t.Context(), plan, capped(7300, 1e9, 0, 1, &first), read)
	if err != nil {
		t.Fatal(err)
	}
	var second []float64
	known := whole.Steps[:5]
	again, err := Search(t.Context(), plan, Recall(known, read, capped(7300, 1e9, 0, 1, &second), nil), read)
	if err != nil || again.Value != whole.Value || len(second) != len(first)-5 || second[0] != first[5] {
		t.Errorf("%v: asked for %v, then for %v", err, first, second)
	}
}

// TestSearchOnALadder: positions are whole numbers, tried once each, and every place of the
// limit is found.
func TestSearchOnALadder(t *testing.T) {
	const rungs = 13
	for limit := range rungs + 1 {
		for from := 1; from <= rungs; from++ {
			var asked []float64
			plan := Plan{From: float64(from), Least: 1, Most: rungs, Whole: true, Confirm: 1}
			a, err := Search(t.Context(), plan, capped(float64(limit), 1e9, 0, 1, &asked), read)
			if err != nil || a.Value != float64(limit) || len(asked) > 8 {
				t.Errorf("from %d: %v, %v after %v, want %d", from, err, a.Value, asked, limit)
			}
			if missed := float64(limit + 1); limit < rungs && a.Missed != missed || limit == rungs && a.Limit != ByMost {
				t.Errorf("from %d: missed at %v by %v, want %v", from, a.Missed, a.Limit, missed)
			}
			seen := map[float64]bool{}
			for _, v := range asked {
				if seen[v] || v < 1 || v > rungs || v != float64(int(v)) {
					t.Errorf("from %d: asked for %v", from, asked)
				}
				seen[v] = true
			}
		}
	}
}
