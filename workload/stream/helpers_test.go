package stream

import (
	"math"
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
)

// chiSquareLimit is above the 99.9 % quantile of chi-square with so many degrees
// of freedom. Source: Wilson and Hilferty's approximation.
func chiSquareLimit(degrees float64) float64 {
	const z = 3.09 // of the normal distribution at 99.9 %
	a := 2 / (9 * degrees)
	return degrees * math.Pow(1-a+z*math.Sqrt(a), 3)
}

// fits compares counts with the probabilities of their classes. Classes that are
// expected less than ten times go into one.
func fits(t *testing.T, seen, probability []float64) {
	t.Helper()
	draws := 0.0
	for _, s := range seen {
		draws += s
	}
	var chi, restSeen, restWant, classes, sum float64
	for k, p := range probability {
		want := p * draws
		sum += p
		if want < 10 {
			restSeen, restWant = restSeen+seen[k], restWant+want
			continue
		}
		chi += (seen[k] - want) * (seen[k] - want) / want
		classes++
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Fatalf("the probabilities add up to %v", sum)
	}
	if restWant >= 10 {
		chi += (restSeen - restWant) * (restSeen - restWant) / restWant
		classes++
	} else if restWant < 1e-9 && restSeen > 0 {
		t.Errorf("%v draws of what cannot be", restSeen)
	}
	if limit := chiSquareLimit(classes - 1); chi > limit {
		t.Errorf("chi-square %.0f over %.0f classes, more than %.0f", chi, classes, limit)
	}
}

// load is a workload of GET and SET, 4 to 1, on the given keys.
func load(keys scenarios.Keys) *scenarios.Workload {
	if keys.Elements == 0 {
		keys.Elements = 10
	}
	return &scenarios.Workload{
		Keys: keys, Values: scenarios.Values{Size: 64},
		Mix: []scenarios.Command{{Command: "GET", Weight: 80}, {Command: "SET", Weight: 20}},
	}
}

func made(t testing.TB, w *scenarios.Workload, seed uint64) *Stream {
	t.Helper()
	s, err := New(w, seed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// parsed is the workload of a scenario.
func parsed(t testing.TB, workload string) *scenarios.Workload {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", []byte("apiVersion: slotstorm/v1\nkind: Scenario\nmetadata: {name: test}\ntimeline: {phases: [{name: a, duration: 1s}]}\nworkload:\n"+workload))
	if err != nil {
		t.Fatal(err)
	}
	return &s.Workload
}
