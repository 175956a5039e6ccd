package main

import (
	"fmt"
	"math"
	"slices"
)

// paced is one run: the rate seen, and how far from an even line requests left,
// in microseconds.
type paced struct {
	rate, p50, p99, most float64
	others               float64
}

// deviation is how late requests left, against a line of equal gaps at the rate
// asked for, laid through the earliest of them. A program that keeps another rate
// is held against a line at that. The first fifth of a run is left out, for
// connecting and warming up, and the last twentieth.
func deviation(times []int64, rate int) (paced, error) {
	times = times[len(times)/5 : len(times)-len(times)/20]
	const least = 1000
	if len(times) < least {
		return paced{}, fmt.Errorf("only %d requests were seen", len(times))
	}
	slices.Sort(times)
	seen := 1e9 / slope(times)
	gap := 1e9 / float64(rate)
	if math.Abs(seen/float64(rate)-1) > 0.001 {
		gap = 1e9 / seen
	}
	late, first := make([]float64, len(times)), math.Inf(1)
	for i, t := range times {
		late[i] = float64(t-times[0]) - float64(i)*gap
		first = min(first, late[i])
	}
	for i := range late {
		late[i] = (late[i] - first) / 1e3
	}
	return lateness(late, seen), nil
}

// lateness sums delays up, in microseconds.
func lateness(late []float64, rate float64) paced {
	slices.Sort(late)
	at := func(q float64) float64 { return late[int(math.Round(q*float64(len(late)-1)))] }
	return paced{rate: rate, p50: at(0.5), p99: at(0.99), most: at(1)}
}

// slope is the gap of the line through all times, by least squares: one through
// the first and the last would tilt if either was late.
func slope(times []int64) float64 {
	middle := float64(len(times)-1) / 2
	var up, across float64
	for i, t := range times {
		x := float64(i) - middle
		up += x * float64(t-times[0])
		across += x * x
	}
	return up / across
}
