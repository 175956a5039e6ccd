// Package statistics answers two questions about measurements that repeat: do
// two samples differ, and when did a series change. It assumes no distribution:
// latencies and failover times have long tails.
//
//	two samples ─▶ Compare ─▶ shift, its interval, p, what would have been seen
//	many p values ─▶ Holm, BenjaminiHochberg ─▶ p values that may be read together
//	a series ─▶ Changes ─▶ where its distribution changed                     (changes.go)
package statistics

import (
	"math"
	"slices"

	"github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchmath"
)

// Alpha is the rate of false alarms that is accepted, and 1-Alpha the
// confidence of intervals.
const Alpha = 0.05

// power is the chance with which a difference of Comparison.Detectable is found.
const power = 0.8

// Summary is the middle of one sample.
type Summary struct {
	N int `json:"n"`
	// Median, with the interval that holds it at 95 % confidence by order
	// statistics; of fewer than six values the interval is their whole range.
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// Comparison is how the values of B stand to those of A.
type Comparison struct {
	A Summary `json:"a"`
	B Summary `json:"b"`
	// Shift estimates how much higher B is: the median of all differences
	// between a value of B and one of A (Hodges and Lehmann 1963).
	Shift float64 `json:"shift"`
	// Low and High hold the shift at 95 % confidence; nil if there are too few
	// values for any bound. They invert the test that gives P.
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
	// P is the probability of samples as far apart as these if A and B were
	// alike, by the two-sided Mann-Whitney U test.
	P float64 `json:"p"`
	// Least is the least P that these values could have given, had those of one side
	// all been lower than those of the other. Equal values make it greater.
	Least float64 `json:"least"`
	// Detectable is the shift that would have been found in four of five such
	// comparisons; nil if there are too few values to find any. Until At is called, it
	// is for a comparison on its own.
	Detectable *float64 `json:"detectable"`

	differences []float64
}

// Compare compares two samples, neither of them empty, in any unit.
func Compare(a, b []float64) Comparison {
	a, b = slices.Clone(a), slices.Clone(b)
	sa, sb := benchmath.NewSample(a, &benchmath.DefaultThresholds), benchmath.NewSample(b, &benchmath.DefaultThresholds)
	c := Comparison{A: summarize(sa), B: summarize(sb), P: probability(a, b), Least: least(a, b)}
	differences := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			differences = append(differences, y-x)
		}
	}
	slices.Sort(differences)
	c.Shift = median(differences)
	c.differences = differences
	if k := bound(len(a), len(b), Alpha); k > 0 {
		low, high := differences[k-1], differences[len(differences)-k]
		c.Low, c.High = &low, &high
	}
	c.At(Alpha)
	return c
}

// At sets Detectable to the shift that is found where P has to be below level: less
// than Alpha, if other comparisons stand beside this one.
func (c *Comparison) At(level float64) {
	c.Detectable = nil
	k := bound(c.A.N, c.B.N, level)
	if k == 0 {
		return
	}
	low, high := c.differences[k-1], c.differences[len(c.differences)-k]
	// The half-width is z(1-level/2) standard errors of the shift; a true shift of
	// z(1-level/2) + z(power) of them is found with that power.
	z := stats.NormalDist{Sigma: 1}
	reach := stats.InvCDF(z)(1 - level/2)
	detectable := (high - low) / 2 * (reach + stats.InvCDF(z)(power)) / reach
	c.Detectable = &detectable
}

// least is the least p of the test that the values of two samples can give, in any
// order. Where all values are equal, it is that of as many distinct values.
func least(a, b []float64) float64 {
	all := slices.Concat(a, b)
	slices.Sort(all)
	if all[0] == all[len(all)-1] {
		return leastDistinct(len(a), len(b))
	}
	if !slices.ContainsFunc(all, func(v float64) bool { at, _ := slices.BinarySearch(all, v); return at+1 < len(all) && all[at+1] == v }) {
		return leastDistinct(len(a), len(b))
	}
	p := func(n int) float64 { return probability(all[:n], all[n:]) }
	if len(a) == len(b) {
		return p(len(a))
	}
	return min(p(len(a)), p(len(b)))
}

// leastDistinct is the least p of the test of n against m distinct values: of all
// orders, two part them.
func leastDistinct(n, m int) float64 { return min(1, 2/orders(n, m)) }

// orders is in how many orders n values and m others can stand, as far as it matters
// which are of the n: the binomial coefficient of n+m over n.
func orders(n, m int) float64 {
	c := 1.0
	for i := 1; i <= n; i++ {
		c *= float64(m+i) / float64(i)
	}
	return c
}

func summarize(s *benchmath.Sample) Summary {
	m := benchmath.AssumeNothing.Summary(s, 1-Alpha)
	last := len(s.Values) - 1
	return Summary{N: len(s.Values), Median: m.Center, Low: max(m.Lo, s.Values[0]), High: min(m.Hi, s.Values[last])}
}

// bound is the rank, from either end of the sorted differences, of the shift's
// interval: the largest k with P(U ≤ k-1) ≤ level/2, so that the interval leaves
// out what the test would refuse. 0 if even k = 1 is too rare.
func bound(n, m int, level float64) int {
	if n > exactLimit || m > exactLimit {
		mean := float64(n*m) / 2
		sigma := math.Sqrt(float64(n*m*(n+m+1)) / 12)
		return int(math.Max(0, stats.InvCDF(stats.NormalDist{Mu: mean, Sigma: sigma})(level/2)))
	}
	u := stats.UDist{N1: n, N2: m}
	k := 0
	for u.CDF(float64(k)) <= level/2 {
		k++
	}
	return k
}

// median of sorted values.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Needed is the number of values on each side from which on a difference can be shown
// at all where P has to be below level, if no two values are equal. Of so many
// comparisons side by side, corrected by Holm, the first has to be below Alpha divided by
// their number.
func Needed(level float64) int {
	n := 2
	for leastDistinct(n, n) >= level {
		n++
	}
	return n
}

// HolmLevel is what p[i] has to be below so that Holm's adjusted value is below Alpha,
// given the others: Alpha divided by the number of those that are not shown, and itself.
func HolmLevel(p []float64, i int) float64 {
	shown := 0
	for _, q := range others(p, i) {
		if q*float64(len(p)-shown) >= Alpha {
			break
		}
		shown++
	}
	return Alpha / float64(len(p)-shown)
}

// BenjaminiHochbergLevel is the same for BenjaminiHochberg.
func BenjaminiHochbergLevel(p []float64, i int) float64 {
	most := 1
	for k, q := range others(p, i) {
		if q < Alpha*float64(k+2)/float64(len(p)) {
			most = k + 2
		}
	}
	return Alpha * float64(most) / float64(len(p))
}

// others are the p values without one, in ascending order.
func others(p []float64, i int) []float64 {
	list := slices.Delete(slices.Clone(p), i, i+1)
	slices.Sort(list)
	return list
}

// Holm adjusts p values for being read side by side: if all below Alpha are
// called differences, the chance that any of them is none stays below Alpha
// (Holm 1979).
func Holm(p []float64) []float64 {
	order := ascending(p)
	out := make([]float64, len(p))
	highest := 0.0
	for rank, i := range order {
		highest = max(highest, min(1, p[i]*float64(len(p)-rank)))
		out[i] = highest
	}
	return out
}

// BenjaminiHochberg adjusts p values so that of those below Alpha a share of
// Alpha is false on the average (Benjamini and Hochberg 1995): milder than Holm,
// for tables that are looked through.
func BenjaminiHochberg(p []float64) []float64 {
	order := ascending(p)
	out := make([]float64, len(p))
	lowest := 1.0
	for rank, i := range slices.Backward(order) {
		lowest = min(lowest, p[i]*float64(len(p))/float64(rank+1))
		out[i] = lowest
	}
	return out
}

// ascending is the order in which p rises.
func ascending(p []float64) []int {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case p[i] < p[j]:
			return -1
		case p[i] > p[j]:
			return 1
		}
		return 0
	})
	return order
}
