package statistics

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	// minSegment is the fewest values between two changes: fewer are outliers.
	minSegment = 5
	// permutations and changeAlpha decide what is a change: at most this share of
	// random orders of the same values may part as far.
	permutations = 1999
	changeAlpha  = 0.001
)

// LeastSeries is the number of values from which on Changes finds a change in the middle
// of a series whose halves lie fully apart: with fewer, more than one of the random
// orders is expected to part as far.
func LeastSeries() int {
	n := 2 * minSegment
	for permutations*2/orders(n/2, n-n/2) > 1 {
		n++
	}
	return n
}

// Change is a place where a series' distribution changed.
type Change struct {
	// At is the index of the first value after it.
	At int `json:"at"`
	// Before and After are medians, up to the changes on either side.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	// P is the share of random orders of the values around that part as far.
	P float64 `json:"p"`
}

// Changes finds where a series changed, by the E-divisive method (Matteson and
// James 2014): the series is cut where the energy distance between its parts,
//
//	q(τ) = nm/(n+m) · (2·E|X-Y| - E|X-X'| - E|Y-Y'|)
//
// is greatest, if no more than changeAlpha of random orders of the same values
// have as great a one anywhere; then each part likewise. Changes for which
// matters says no, given the medians before and after, are taken back, smallest
// first. The random orders come from a fixed seed: the same series gives the same
// changes.
func Changes(series []float64, matters func(before, after float64) bool) []Change {
	random := rand.New(rand.NewPCG(20140101, uint64(len(series))))
	cuts := map[int]float64{}
	var divide func(from, to int)
	divide = func(from, to int) {
		at, p := cut(series[from:to], random)
		if at == 0 {
			return
		}
		cuts[from+at] = p
		divide(from, from+at)
		divide(from+at, to)
	}
	divide(0, len(series))
	var list []Change
	for at, p := range cuts {
		list = append(list, Change{At: at, P: p})
	}
	slices.SortFunc(list, func(a, b Change) int { return a.At - b.At })
	for {
		levels(series, list)
		weakest := -1
		for i, c := range list {
			if !matters(c.Before, c.After) && (weakest < 0 || math.Abs(c.After-c.Before) < math.Abs(list[weakest].After-list[weakest].Before)) {
				weakest = i
			}
		}
		if weakest < 0 {
			return list
		}
		list = slices.Delete(list, weakest, weakest+1)
	}
}

// levels fills in the medians between changes.
func levels(series []float64, list []Change) {
	from := 0
	for i := range list {
		to := len(series)
		if i+1 < len(list) {
			to = list[i+1].At
		}
		list[i].Before, list[i].After = middle(series[from:list[i].At]), middle(series[list[i].At:to])
		from = list[i].At
	}
}

func middle(values []float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return median(sorted)
}

// cut is where values part most, and the share of random orders that part as
// far; 0 if that is no change.
func cut(values []float64, random *rand.Rand) (at int, p float64) {
	if len(values) < 2*minSegment {
		return 0, 1
	}
	at, most := parting(values)
	if most <= 0 {
		return 0, 1
	}
	allowed := int(changeAlpha*(permutations+1)) - 1
	as := 0
	order := slices.Clone(values)
	for range permutations {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if _, q := parting(order); q >= most {
			if as++; as > allowed {
				return 0, 1
			}
		}
	}
	return at, float64(as+1) / (permutations + 1)
}

// parting is the place that parts values most, and how far. The sums of
// distances within and between the parts are carried from place to place.
func parting(values []float64) (at int, most float64) {
	n := len(values)
	var within, between, rest float64
	for i := range n {
		for j := i + 1; j < n; j++ {
			rest += math.Abs(values[i] - values[j])
		}
	}
	for t := 1; t < n; t++ {
		// values[t-1] goes from the right part to the left.
		var left, right float64
		v := values[t-1]
		for _, w := range values[:t-1] {
			left += math.Abs(v - w)
		}
		for _, w := range values[t:] {
			right += math.Abs(v - w)
		}
		within += left
		rest -= right
		between += right - left
		if t < minSegment || n-t < minSegment {
			continue
		}
		l, r := float64(t), float64(n-t)
		q := l * r / (l + r) * (2*between/(l*r) - within/(l*(l-1)/2) - rest/(r*(r-1)/2))
		if at == 0 || q > most {
			at, most = t, q
		}
	}
	return at, most
}
