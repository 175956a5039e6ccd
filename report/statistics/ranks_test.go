package statistics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// enumerated is the p of the test by its definition: each choice of len(a) of all values is
// as likely as any other, and the statistic is the number of pairs that a wins.
func enumerated(a, b []float64) float64 {
	all := append(append([]float64{}, a...), b...)
	wins := func(chosen uint) float64 {
		u := 0.0
		for i, x := range all {
			for j, y := range all {
				switch {
				case chosen>>i&1 == 0 || chosen>>j&1 == 1 || x < y:
				case x == y:
					u += 0.5
				default:
					u++
				}
			}
		}
		return u
	}
	was := wins(1<<len(a) - 1)
	low, high, ways := 0.0, 0.0, 0.0
	for chosen := range uint(1) << len(all) {
		count := 0
		for i := range all {
			count += int(chosen >> i & 1)
		}
		if count != len(a) {
			continue
		}
		u := wins(chosen)
		ways++
		if u <= was {
			low++
		}
		if u >= was {
			high++
		}
	}
	return math.Min(1, 2*math.Min(low, high)/ways)
}

func TestProbabilityIsExact(t *testing.T) {
	check := func(a, b []float64) {
		if got, want := probability(a, b), enumerated(a, b); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v against %v: p is %v, want %v", a, b, got, want)
		}
	}
	check([]float64{2, 2, 2, 2, 2}, []float64{1, 2, 2}) // benchmath has 0
	check([]float64{1, 1}, []float64{1, 1, 1})
	random := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= 5; n++ {
		for m := 1; m <= 5; m++ {
			for distinct := 1; distinct <= 6; distinct++ {
				t.Run(fmt.Sprint(n, m, distinct), func(*testing.T) {
					values := make([]float64, n+m)
					for i := range values {
						values[i] = float64(random.IntN(distinct))
					}
					check(values[:n], values[n:])
				})
			}
		}
	}
}

// One run against five cannot show anything, however equal the five are.
func TestTiesOfUnequalSides(t *testing.T) {
	for _, tc := range []struct {
		a, b []float64
		p    float64
	}{
		{[]float64{1, 1, 1, 1, 1}, []float64{0}, 2.0 / 6},
		{[]float64{0}, []float64{1, 1, 1, 1, 1}, 2.0 / 6},
		{[]float64{5, 5, 4}, []float64{4, 4}, 0.6},
	} {
		c := Compare(tc.a, tc.b)
		if math.Abs(c.P-tc.p) > 1e-12 || c.P < c.Least {
			t.Errorf("%v against %v: p is %v, want %v; the least possible is %v", tc.a, tc.b, c.P, tc.p, c.Least)
		}
	}
}

// From 51 values on the normal approximation stands in: it must meet the exact value.
func TestProbabilityGoesOn(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	side := func(n int, shift float64) []float64 {
		values := make([]float64, n)
		for i := range values {
			values[i] = math.Round(random.NormFloat64()*4 + shift)
		}
		return values
	}
	a, b := side(exactLimit+1, 0), side(exactLimit+1, 2)
	approximate, exact := probability(a, b), probability(a[1:], b[1:])
	if approximate > 2*exact+0.01 || exact > 2*approximate+0.01 {
		t.Errorf("p is %v for 51 values and %v for 50", approximate, exact)
	}
}
