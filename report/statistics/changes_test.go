package statistics

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// nights are n values around the level that level gives each, with noise of a
// few percent and now and then an outlier.
func nights(seed uint64, n int, level func(int) float64) []float64 {
	random := rand.New(rand.NewPCG(seed, 3))
	list := make([]float64, n)
	for i := range list {
		list[i] = level(i) * (1 + 0.03*random.NormFloat64())
		if random.IntN(30) == 0 {
			list[i] *= 1.3
		}
	}
	return list
}

func fivePercent(before, after float64) bool { return math.Abs(after-before) >= 0.05*before }

func places(list []Change) []int {
	out := []int{}
	for _, c := range list {
		out = append(out, c.At)
	}
	return out
}

func TestPartingByDefinition(t *testing.T) {
	values := nights(1, 20, func(int) float64 { return 5 })
	pairs := func(x []float64) (sum, n float64) {
		for i := range x {
			for j := range i {
				sum, n = sum+math.Abs(x[i]-x[j]), n+1
			}
		}
		return sum, n
	}
	at, most := parting(values)
	best, where := math.Inf(-1), 0
	for τ := minSegment; τ <= len(values)-minSegment; τ++ {
		x, y := values[:τ], values[τ:]
		var cross float64
		for _, v := range x {
			for _, w := range y {
				cross += math.Abs(v - w)
			}
		}
		n, m := float64(len(x)), float64(len(y))
		sx, nx := pairs(x)
		sy, ny := pairs(y)
		if q := n * m / (n + m) * (2*cross/(n*m) - sx/nx - sy/ny); q > best {
			best, where = q, τ
		}
	}
	if at != where || math.Abs(most-best) > 1e-9 {
		t.Errorf("parts at %d by %v, by the definition at %d by %v", at, most, where, best)
	}
}

// TestSixtyNights: a step is found at its night, in every one of many series, and
// nothing is found in flat ones.
func TestSixtyNights(t *testing.T) {
	const series = 30
	steps := func(i int) float64 {
		if i >= 37 {
			return 1.15
		}
		return 1
	}
	exact := 0
	for s := range uint64(series) {
		list := Changes(nights(s, 60, steps), fivePercent)
		if len(list) != 1 || list[0].At < 36 || list[0].At > 38 {
			t.Errorf("series %d: changes %+v, want one at 37", s, list)
		} else if list[0].At == 37 {
			exact++
		}
		if list := Changes(nights(1000+s, 60, func(int) float64 { return 1 }), fivePercent); len(list) > 0 {
			t.Errorf("flat series %d: changes %+v", s, list)
		}
	}
	if exact < series*9/10 {
		t.Errorf("the very night was found in %d of %d series", exact, series)
	}
}

func TestSeveralChanges(t *testing.T) {
	list := Changes(nights(5, 90, func(i int) float64 { return []float64{1, 1.5, 1.1}[i/30] }), fivePercent)
	if got := places(list); !reflect.DeepEqual(got, []int{30, 60}) {
		t.Errorf("changes at %v", got)
	}
	if list[0].After < 1.4 || list[0].After > 1.6 || list[1].Before != list[0].After || list[0].P > changeAlpha {
		t.Errorf("levels: %+v", list)
	}
}

func TestChangesThatDoNotMatter(t *testing.T) {
	small := nights(8, 60, func(i int) float64 {
		if i >= 30 {
			return 1.04
		}
		return 1
	})
	if list := Changes(small, fivePercent); len(list) > 0 {
		t.Errorf("4 %% where 5 %% matters: %+v", list)
	}
	for _, few := range [][]float64{nil, {1}, {1, 1, 1, 9, 9, 9}, {2, 2, 2, 2, 2, 2, 2, 2, 2, 2}} {
		if list := Changes(few, fivePercent); len(list) > 0 {
			t.Errorf("%v: %+v", few, list)
		}
	}
}

func TestChangesAreDeterministic(t *testing.T) {
	series := nights(3, 60, func(i int) float64 { return 1 + float64(i/40)/10 })
	if a, b := Changes(series, fivePercent), Changes(series, fivePercent); !reflect.DeepEqual(a, b) {
		t.Errorf("%+v and %+v", a, b)
	}
}

// TestLeastSeries: halves fully apart are found in a series of that length, and in none
// of up to eleven values.
func TestLeastSeries(t *testing.T) {
	halves := func(n int) (series []float64) {
		for i := range n {
			series = append(series, float64(i)/1000+10*float64(2*i/n))
		}
		return series
	}
	least := LeastSeries()
	if list := Changes(halves(least), fivePercent); len(list) != 1 {
		t.Errorf("in %d values: %+v", least, list)
	}
	for n := range 12 {
		if list := Changes(halves(n), fivePercent); len(list) > 0 {
			t.Errorf("in %d values: %+v", n, list)
		}
	}
}
