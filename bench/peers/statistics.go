package main

import (
	"math"
	"slices"
)

// spread is a median with the range around it.
type spread struct{ median, least, most float64 }

// spreadOf is NaN for no values.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{math.NaN(), math.NaN(), math.NaN()}
	}
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return spread{(v[(n-1)/2] + v[n/2]) / 2, v[0], v[n-1]}
}

// quantity is something measured in a run.
type quantity func(result) float64

func cpuOf(r result) float64    { return r.cpu }
func rateOf(r result) float64   { return r.rate }
func p50Of(r result) float64    { return r.p50 }
func p99Of(r result) float64    { return r.p99 }
func othersOf(r result) float64 { return r.others }

// of are the runs of a tool in a case, by round.
func of(runs []result, c benchCase, tool string) []result {
	var out []result
	for _, r := range runs {
		if r.b.name == c.name && r.tool == tool {
			out = append(out, r)
		}
	}
	return out
}

// quiet leaves noisy runs out, unless all are noisy.
func quiet(runs []result) []result {
	left := slices.DeleteFunc(slices.Clone(runs), func(r result) bool { return r.noisy })
	if len(left) == 0 {
		return runs
	}
	return left
}

func values(runs []result, q quantity) []float64 {
	var out []float64
	for _, r := range runs {
		out = append(out, q(r))
	}
	return out
}

// paired are ratios, one for every round that counts.
type paired struct {
	values []float64
	noisy  bool
}

// contest compares a quantity of one tool with that of the best of its peers, by better.
type contest struct {
	q      quantity
	tool   string
	better func(float64, float64) float64
	peers  []string
}

// ratios are the quantity of the tool to that of the best peer, round by round: runs
// that follow each other share the state of the machine. Rounds with a noisy run count
// only if every round has one, and then noisy is true.
func ratios(runs []result, c benchCase, k contest) paired {
	var clean, all []float64
	q, better := k.q, k.better
	for _, mine := range of(runs, c, k.tool) {
		best, noisy := math.NaN(), mine.noisy
		for _, peer := range k.peers {
			for _, r := range of(runs, c, peer) {
				if r.round != mine.round {
					continue
				}
				noisy = noisy || r.noisy
				if best = better(best, q(r)); math.IsNaN(best) {
					best = q(r)
				}
			}
		}
		if math.IsNaN(best) {
			continue
		}
		all = append(all, q(mine)/best)
		if !noisy {
			clean = append(clean, q(mine)/best)
		}
	}
	if len(clean) > 0 {
		return paired{clean, false}
	}
	return paired{all, true}
}
