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
	// Detectable is the shift that would have been found in four of five such
	// comparisons; nil if there are too few values to find any.
	Detectable *float64 `json:"detectable"`
}

// Compare compares two samples, neither of them empty, in any unit.
func Compare(a, b []float64) Comparison {
	a, b = slices.Clone(a), slices.Clone(b)
	sa, sb := benchmath.NewSample(a, &benchmath.DefaultThresholds), benchmath.NewSample(b, &benchmath.DefaultThresholds)
	c := Comparison{A: summarize(sa), B: summarize(sb), P: benchmath.AssumeNothing.Compare(sa, sb).P}
	differences := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			differences = append(differences, y-x)
		}
	}
	slices.Sort(differences)
	c.Shift = median(differences)
	k := bound(len(a), len(b))
	if k == 0 {
		return c
	}
	low, high := differences[k-1], differences[len(differences)-k]
	// The half-width is z(1-α/2) standard errors of the shift; a true shift of
	// z(1-α/2) + z(power) of them is found with that power.
	z := stats.NormalDist{Sigma: 1}
	reach := stats.InvCDF(z)(1 - Alpha/2)
	detectable := (high - low) / 2 * (reach + stats.InvCDF(z)(power)) / reach
	c.Low, c.High, c.Detectable = &low, &high, &detectable
	return c
}

func summarize(s *benchmath.Sample) Summary {
	m := benchmath.AssumeNothing.Summary(s, 1-Alpha)
	last := len(s.Values) - 1
	return Summary{N: len(s.Values), Median: m.Center, Low: max(m.Lo, s.Values[0]), High: min(m.Hi, s.Values[last])}
}

// exactLimit is up to which size of a sample the distribution of U is computed
// and not approximated.
const exactLimit = 50

// bound is the rank, from either end of the sorted differences, of the shift's
// interval: the largest k with P(U ≤ k-1) ≤ α/2, so that the interval leaves
// out what the test would refuse. 0 if even k = 1 is too rare.
func bound(n, m int) int {
	if n > exactLimit || m > exactLimit {
		mean := float64(n*m) / 2
		sigma := math.Sqrt(float64(n*m*(n+m+1)) / 12)
		return int(math.Max(0, stats.InvCDF(stats.NormalDist{Mu: mean, Sigma: sigma})(Alpha/2)))
	}
	u := stats.UDist{N1: n, N2: m}
	k := 0
	for u.CDF(float64(k)) <= Alpha/2 {
		k++
	}
	return k
}

// median of sorted values.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// needed is the number of values on each side from which on a difference can be
// shown at all, with so many comparisons side by side.
func needed(comparisons int) int {
	n := 2
	for 2*(stats.UDist{N1: n, N2: n}).CDF(0)*float64(max(1, comparisons)) > Alpha {
		n++
	}
	return n
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
