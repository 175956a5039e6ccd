package statistics

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// exactLimit is up to which size of a sample the distribution of U is computed
// and not approximated.
const exactLimit = 50

// probability is the two-sided p of the Mann-Whitney test of two samples: the probability that
// their values, dealt out by chance, part as far as they do. Up to exactLimit values a sample
// it is exact, with ties as well: benchmath's is not, where the sizes differ and values are
// equal.
func probability(a, b []float64) float64 {
	if max(len(a), len(b)) > exactLimit {
		return benchmath.AssumeNothing.Compare(benchmath.NewSample(slices.Clone(a), &benchmath.DefaultThresholds),
			benchmath.NewSample(slices.Clone(b), &benchmath.DefaultThresholds)).P
	}
	ranks := doubledRanks(slices.Concat(a, b))
	sum := 0
	for _, r := range ranks[:len(a)] {
		sum += r
	}
	ways := rankSums(ranks, len(a))
	low, high, all := 0.0, 0.0, 0.0
	for s, w := range ways {
		all += w
		if s <= sum {
			low += w
		}
		if s >= sum {
			high += w
		}
	}
	return math.Min(1, 2*math.Min(low, high)/all)
}

// doubledRanks are twice the ranks of values, in their order: equal values share the mean of
// their ranks, and twice that is an integer.
func doubledRanks(values []float64) []int {
	sorted := slices.Sorted(slices.Values(values))
	ranks := make([]int, len(values))
	for i, v := range values {
		first, _ := slices.BinarySearch(sorted, v)
		last := first
		for last+1 < len(sorted) && sorted[last+1] == v {
			last++
		}
		ranks[i] = first + last + 2
	}
	return ranks
}

// rankSums counts, for each sum, the ways to choose n of the ranks that add up to it.
func rankSums(ranks []int, n int) []float64 {
	most := 0
	for _, r := range ranks {
		most += r
	}
	ways := make([][]float64, n+1) // by how many are chosen, then by their sum
	for k := range ways {
		ways[k] = make([]float64, most+1)
	}
	ways[0][0] = 1
	reached := 0
	for i, r := range ranks {
		reached += r
		for k := min(i+1, n); k > 0; k-- {
			for s := reached; s >= r; s-- {
				ways[k][s] += ways[k-1][s-r]
			}
		}
	}
	return ways[n]
}
