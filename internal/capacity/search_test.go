package capacity

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/slotstorm/slotstorm/report/compare"
)

// capped is a cluster that carries rates up to cap; noise is the chance that a
// step has the wrong outcome, or none.
func capped(limit, generator, noise float64, seed uint64, asked *[]float64) Try {
	random := rand.New(rand.NewPCG(seed, 1))
	return func(_ context.Context, rate float64) (compare.CapacityStep, error) {
		*asked = append(*asked, rate)
		step := compare.CapacityStep{Rate: rate, Outcome: compare.Misses}
		switch {
		case rate > generator:
			step.Outcome = compare.Saturated
		case rate <= limit != (random.Float64() < noise):
			step.Outcome = compare.Meets
		}
		return step, nil
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
			a, err := Search(t.Context(), Plan{From: tt.from, Tolerance: 0.04, Most: 20_000}, capped(tt.limit, tt.generator, 0, 1, &asked))
			if err != nil {
				t.Fatal(err)
			}
			if a.Rate > tt.want || a.Rate < tt.want*0.95 || a.Confirmed != tt.confirmed || len(asked) > 25 {
				t.Errorf("%+v after %v, want %v", a, asked, tt.want)
			}
			if missed := tt.limit < min(tt.generator, 20_000); missed != (a.Misses > 0) || missed && (a.Misses <= a.Rate || a.Misses <= tt.limit) {
				t.Errorf("missed at %v, of a cluster that carries %v", a.Misses, tt.limit)
			}
			if tt.generator < tt.limit != (a.Limit != "" && a.Limit[:3] == "the" && a.Limit[4:8] == "load") && tt.generator < 1e9 {
				t.Errorf("the limit is said to be %q", a.Limit)
			}
		})
	}
}

// TestSearchInNoise: one step in twelve is wrong, and the answer is still near.
func TestSearchInNoise(t *testing.T) {
	near := 0
	for seed := range uint64(100) {
		var asked []float64
		a, err := Search(t.Context(), Plan{From: 1000, Tolerance: 0.04, Most: 1e6}, capped(7300, 1e9, 1.0/12, seed, &asked))
		if err != nil {
			t.Fatal(err)
		}
		if a.Rate > 7300*0.9 && a.Rate < 7300*1.1 {
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
	plan := Plan{From: 1000, Tolerance: 0.04, Most: 1e6}
	whole, err := Search(t.Context(), plan, capped(7300, 1e9, 0, 1, &first))
	if err != nil {
		t.Fatal(err)
	}
	var second []float64
	known := whole.Steps[:5]
	again, err := Search(t.Context(), plan, Recall(known, capped(7300, 1e9, 0, 1, &second), nil))
	if err != nil || again.Rate != whole.Rate || len(second) != len(first)-5 || second[0] != first[5] {
		t.Errorf("%v: asked for %v, then for %v", err, first, second)
	}
}
