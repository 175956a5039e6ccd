package random

import (
	"math"
	"testing"
)

func TestDrawsDependOnSeedAndIndexAlone(t *testing.T) {
	a, b := For(1, 7), For(1, 7)
	for range 100 {
		if a.Uint64() != b.Uint64() {
			t.Fatal("the same seed and index draw different numbers")
		}
	}
	a, b, c := For(1, 7), For(1, 8), For(2, 7)
	x, y, z := a.Uint64(), b.Uint64(), c.Uint64()
	if x == y || x == z || y == z {
		t.Error("another seed or index draws the same number")
	}
}

// Int's classes are equally likely, also over neighbouring indices.
func TestIntIsUniform(t *testing.T) {
	const n, draws = 97, 200_000
	var seen [n]float64
	for i := range int64(draws) {
		d := For(20261122, i)
		seen[d.Int(n)]++
	}
	chi := 0.0
	for _, s := range seen {
		chi += (s - draws/float64(n)) * (s - draws/float64(n)) / (draws / float64(n))
	}
	if chi > 144.6 { // the 99.9 % quantile at 96 degrees of freedom is 144.57
		t.Errorf("chi-square is %.1f", chi)
	}
}

func TestNormalAndExponential(t *testing.T) {
	const draws = 200_000
	var sum, squares, exponential float64
	for i := range int64(draws) {
		d := For(3, i)
		x := d.Normal()
		sum, squares = sum+x, squares+x*x
		exponential += d.Exponential()
	}
	// Five standard errors each.
	if mean := sum / draws; math.Abs(mean) > 5/math.Sqrt(draws) {
		t.Errorf("the mean of a normal distribution is %f", mean)
	}
	if v := squares / draws; math.Abs(v-1) > 5*math.Sqrt(2.0/draws) {
		t.Errorf("its variance is %f", v)
	}
	if mean := exponential / draws; math.Abs(mean-1) > 5/math.Sqrt(draws) {
		t.Errorf("the mean of an exponential distribution is %f", mean)
	}
}

func TestShares(t *testing.T) {
	s := SharesOf(1, 2, 1)
	for u, want := range map[float64]int{0: 0, 0.2499: 0, 0.25: 1, 0.7499: 1, 0.75: 2, math.Nextafter(1, 0): 2} {
		if got := s.Pick(u); got != want {
			t.Errorf("%v falls on %d, want %d", u, got, want)
		}
	}
}
