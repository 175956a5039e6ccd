package statistics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// TestCompareKnown checks against tables and by hand.
func TestCompareKnown(t *testing.T) {
	a := []float64{1, 2, 3, 4, 5, 6}
	b := []float64{7.5, 8.25, 9.125, 10.0625, 11.03125, 12.015625}
	c := Compare(a, b)
	if !near(c.P, 0.0021645021645021645) {
		t.Errorf("p = %v of two samples of six that do not overlap", c.P)
	}
	// 36 differences; with n = m = 6 and 95 % the interval runs from the 6th to
	// the 31st of them: P(U ≤ 5) = 0.0206, P(U ≤ 6) = 0.0325 (Mann and Whitney's table).
	var all []float64
	for _, x := range a {
		for _, y := range b {
			all = append(all, y-x)
		}
	}
	slices.Sort(all)
	if *c.Low != all[5] || *c.High != all[30] || !near(c.Shift, (all[17]+all[18])/2) {
		t.Errorf("shift %v [%v, %v], want %v [%v, %v]", c.Shift, *c.Low, *c.High, (all[17]+all[18])/2, all[5], all[30])
	}
	if c.A.Median != 3.5 || c.A.Low != 1 || c.A.High != 6 || c.A.N != 6 {
		t.Errorf("A is %+v", c.A)
	}
	if want := (all[30] - all[5]) / 2 * (1.959964 + 0.841621) / 1.959964; math.Abs(*c.Detectable-want) > 1e-4 {
		t.Errorf("detectable %v, want %v", *c.Detectable, want)
	}
}

func TestCompareFew(t *testing.T) {
	for _, n := range []int{1, 2, 3} {
		a, b := make([]float64, n), make([]float64, n)
		for i := range a {
			a[i], b[i] = float64(i), float64(i+100)
		}
		if c := Compare(a, b); c.Low != nil || c.Detectable != nil || c.P < Alpha {
			t.Errorf("%d values a side: %+v", n, c)
		}
	}
	if c := Compare([]float64{1, 2, 3, 4}, []float64{5, 6, 7, 8}); c.Low == nil || c.P > Alpha {
		t.Errorf("4 values a side, apart: %+v", c)
	}
	if c := Compare([]float64{0, 0, 0, 0}, []float64{0, 0, 0, 0}); c.P != 1 || c.Shift != 0 || *c.Detectable != 0 {
		t.Errorf("all equal: %+v", c)
	}
}

func TestNeeded(t *testing.T) {
	for comparisons, want := range map[int]int{0: 4, 1: 4, 6: 5, 7: 6, 20: 6, 23: 6, 24: 7} {
		if got := Needed(Alpha / float64(max(1, comparisons))); got != want {
			t.Errorf("%d comparisons need %d values, want %d", comparisons, got, want)
		}
	}
}

// TestCoverage draws samples with a long tail: the interval holds the true shift
// as often as it says, the test raises its rate of false alarms, and a shift of
// the detectable size is found as often as promised.
func TestCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, shift float64) []float64 {
		list := make([]float64, n)
		for i := range list {
			list[i] = math.Exp(random.NormFloat64()/3) + shift
		}
		return list
	}
	for _, n := range []int{6, 10, 60} {
		const rounds = 2000
		held, alarms, found := 0, 0, 0
		for range rounds {
			c := Compare(draw(n, 0), draw(n, 0.5))
			if *c.Low <= 0.5 && 0.5 <= *c.High {
				held++
			}
			c = Compare(draw(n, 0), draw(n, 0))
			if c.P < Alpha {
				alarms++
			}
			if Compare(draw(n, 0), draw(n, *c.Detectable)).P < Alpha {
				found++
			}
		}
		t.Logf("n = %d: interval held %.3f, false alarms %.3f, detectable found %.3f", n, float64(held)/rounds, float64(alarms)/rounds, float64(found)/rounds)
		if float64(held)/rounds < 0.94 || float64(alarms)/rounds > 0.06 || float64(found)/rounds < 0.70 {
			t.Errorf("n = %d: %d held, %d alarms, %d found of %d", n, held, alarms, found, rounds)
		}
	}
}

func TestAdjust(t *testing.T) {
	// By hand, from the definitions.
	p := []float64{0.01, 0.04, 0.03, 0.005}
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		if got := Holm(p)[i]; !near(got, want) {
			t.Errorf("Holm of %v is %v, want %v", p[i], got, want)
		}
	}
	for i, want := range []float64{0.02, 0.04, 0.04, 0.02} {
		if got := BenjaminiHochberg(p)[i]; !near(got, want) {
			t.Errorf("Benjamini-Hochberg of %v is %v, want %v", p[i], got, want)
		}
	}
}

// TestLeast: four against four have 70 orders, two of which are the most extreme ones.
func TestLeast(t *testing.T) {
	for _, tt := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 3, 5, 7}, []float64{2, 4, 6, 8}, 2.0 / 70},
		{[]float64{1, 2, 3, 4}, []float64{5, 6, 7, 8}, 2.0 / 70},
		{[]float64{0, 0, 0, 0}, []float64{0, 0, 0, 0}, 2.0 / 70},
		{[]float64{1}, []float64{2}, 1},
		{[]float64{1}, []float64{1}, 1},
		{[]float64{1, 2}, []float64{3, 4, 5}, 2.0 / 10},
	} {
		if got := Compare(tt.a, tt.b).Least; !near(got, tt.want) {
			t.Errorf("%v and %v: at least %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
	// One value apart from five equal ones can be on either side, and shows nothing.
	if c := Compare([]float64{0, 0, 0}, []float64{0, 0, 9}); c.Least < 0.5 {
		t.Errorf("five equal values of six: at least %v", c.Least)
	}
}

// TestLevels: the first of three, by Holm, has to be below a third of Alpha; beside two
// that are shown, the last may use all of it. A p value on either side of its level is
// adjusted to one on the same side of Alpha.
func TestLevels(t *testing.T) {
	for _, tt := range []struct {
		others   []float64
		holm, bh float64
	}{
		{nil, Alpha, Alpha},
		{[]float64{0.9, 0.9}, Alpha / 3, Alpha / 3},
		{[]float64{0.001, 0.002}, Alpha, Alpha},
		{[]float64{0.9, 0.001}, Alpha / 2, Alpha * 2 / 3},
		{[]float64{0.02, 0.04}, Alpha / 3, Alpha},
		{[]float64{0.04, 0.9}, Alpha / 3, Alpha / 3},
	} {
		p := append([]float64{0}, tt.others...)
		for _, method := range []struct {
			name   string
			want   float64
			level  func([]float64, int) float64
			adjust func([]float64) []float64
		}{{"Holm", tt.holm, HolmLevel, Holm}, {"Benjamini-Hochberg", tt.bh, BenjaminiHochbergLevel, BenjaminiHochberg}} {
			level := method.level(p, 0)
			if !near(level, method.want) {
				t.Errorf("%s beside %v: %v, want %v", method.name, tt.others, level, method.want)
			}
			for _, share := range []float64{0.999, 1.001} {
				p[0] = level * share
				if got := method.adjust(p)[0]; (got < Alpha) != (share < 1) {
					t.Errorf("%s beside %v: %v is adjusted to %v", method.name, tt.others, p[0], got)
				}
			}
		}
	}
}

// TestDetectableCountsTheLevel: a comparison beside others finds less.
func TestDetectableCountsTheLevel(t *testing.T) {
	a := []float64{1, 2, 3, 4, 5, 6, 7, 8}
	c := Compare(a, a)
	alone := *c.Detectable
	if c.At(Alpha / 5); c.Detectable == nil || *c.Detectable <= alone {
		t.Errorf("beside four others %v is found, and %v alone", c.Detectable, alone)
	}
	if c = Compare(a[:4], a[4:]); c.Detectable == nil {
		t.Error("four against four find nothing")
	}
	if c.At(Alpha / 3); c.Detectable != nil {
		t.Errorf("four against four, beside two others, find %v", *c.Detectable)
	}
}
