package workload

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

func mixed(keys scenarios.Keys) scenarios.Workload {
	return scenarios.Workload{
		Keys: keys,
		Mix:  []scenarios.Command{{Command: "GET", Weight: 80}, {Command: "SET", Weight: 20}},
	}
}

// chiSquareLimit is above the 99.9 % quantile of chi-square with so many degrees
// of freedom. Source: Wilson and Hilferty's approximation.
func chiSquareLimit(degrees float64) float64 {
	const z = 3.09 // of the normal distribution at 99.9 %
	a := 2 / (9 * degrees)
	return degrees * math.Pow(1-a+z*math.Sqrt(a), 3)
}

func TestKeysFollowTheirDistribution(t *testing.T) {
	const n, draws = 1000, 400_000
	for _, tc := range []struct {
		name  string
		keys  scenarios.Keys
		theta float64 // 0 is uniform
	}{
		{"uniform", scenarios.Keys{Count: n, Distribution: "uniform"}, 0},
		{"zipfian 0.5", scenarios.Keys{Count: n, Distribution: "zipfian", Theta: 0.5}, 0.5},
		{"zipfian 0.99", scenarios.Keys{Count: n, Distribution: "zipfian", Theta: 0.99}, 0.99},
		{"zipfian 1", scenarios.Keys{Count: n, Distribution: "zipfian", Theta: 1}, 1},
		{"zipfian 1.5", scenarios.Keys{Count: n, Distribution: "zipfian", Theta: 1.5}, 1.5},
		{"zipfian 3", scenarios.Keys{Count: n, Distribution: "zipfian", Theta: 3}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStream(mixed(tc.keys), 20261122)
			seen := make([]float64, n)
			for i := range int64(draws) {
				seen[s.request(i).key]++
			}
			weights := make([]float64, n)
			var sum float64
			for k := range weights {
				weights[k] = math.Pow(float64(k+1), -tc.theta)
				sum += weights[k]
			}
			// Keys that are expected less than ten times go into one class.
			var chi, restSeen, restWant, classes float64
			for k := range weights {
				want := weights[k] / sum * draws
				if want < 10 {
					restSeen, restWant = restSeen+seen[k], restWant+want
					continue
				}
				chi += (seen[k] - want) * (seen[k] - want) / want
				classes++
			}
			if restWant >= 10 {
				chi += (restSeen - restWant) * (restSeen - restWant) / restWant
				classes++
			}
			if limit := chiSquareLimit(classes - 1); chi > limit {
				t.Errorf("chi-square %.0f over %.0f classes, more than %.0f", chi, classes, limit)
			}
		})
	}
}

func TestZipfNeedsNoTable(t *testing.T) {
	z := newZipf(0.99, 1_000_000_000)
	top := int64(0)
	for i := range int64(10_000) {
		d := drawsFor(7, i)
		k := z.pick(&d)
		if k < 0 || k >= 1_000_000_000 {
			t.Fatalf("key %d is not below 10⁹", k)
		}
		top = max(top, k)
	}
	if top < 100_000_000 {
		t.Errorf("no key above %d in 10,000 draws: the tail is missing", top)
	}
}

func TestMixFollowsWeights(t *testing.T) {
	s := newStream(mixed(scenarios.Keys{Count: 10, Distribution: "uniform"}), 1)
	const draws = 100_000
	sets := 0
	for i := range int64(draws) {
		sets += s.request(i).command
	}
	// Five standard deviations of a binomial distribution.
	if want, slack := 0.2*draws, 5*math.Sqrt(draws*0.2*0.8); math.Abs(float64(sets)-want) > slack {
		t.Errorf("%d of %d requests are SET, want %.0f ± %.0f", sets, draws, want, slack)
	}
}

func TestPoissonGapsAreExponential(t *testing.T) {
	const rate, n = 5000.0, 50_000
	s := newSchedule(rate, "poisson", 42, time.Hour)
	gaps := make([]float64, n)
	last := 0.0
	for i := range gaps {
		_, at, ok := s.next()
		if !ok {
			t.Fatal("the schedule ended")
		}
		gaps[i], last = at.Seconds()-last, at.Seconds()
	}
	slices.Sort(gaps)
	// Kolmogorov and Smirnov's distance, against its 99.9 % quantile.
	distance := 0.0
	for i, g := range gaps {
		f := 1 - math.Exp(-rate*g)
		distance = max(distance, math.Abs(f-float64(i)/n), math.Abs(f-float64(i+1)/n))
	}
	if limit := 1.95 / math.Sqrt(n); distance > limit {
		t.Errorf("distance %.5f from the exponential distribution, more than %.5f", distance, limit)
	}
}

func TestConstantScheduleDoesNotDrift(t *testing.T) {
	s := newSchedule(3000, "constant", 1, time.Hour)
	var at time.Duration
	for range 3_000_001 {
		_, at, _ = s.next()
	}
	if want := 1000 * time.Second; at != want {
		t.Errorf("request 3,000,000 is due at %v, want %v", at, want)
	}
}

func TestScheduleEnds(t *testing.T) {
	s := newSchedule(100, "constant", 1, time.Second)
	n := 0
	for {
		if _, _, ok := s.next(); !ok {
			break
		}
		n++
	}
	if n != 100 {
		t.Errorf("%d requests are due in a second at 100 per second", n)
	}
}

func TestRequestsDependOnSeedAndIndexAlone(t *testing.T) {
	w := mixed(scenarios.Keys{Count: 1_000_000, Distribution: "zipfian", Theta: 0.99})
	whole := newStream(w, 99)
	var want []request
	for i := range int64(1000) {
		want = append(want, whole.request(i))
	}
	// Four generators, each in its own order.
	got := make([]request, 1000)
	for g := range int64(4) {
		s := newStream(w, 99)
		for i := 999 - (999-g)%4; i >= 0; i -= 4 {
			got[i] = s.request(i)
		}
		for i := g; i < 1000; i += 4 {
			got[i] = s.request(i)
		}
	}
	if !slices.Equal(got, want) {
		t.Error("four generators make other requests than one")
	}
	if other := newStream(w, 100).request(0); other == want[0] && newStream(w, 100).request(1) == want[1] {
		t.Error("another seed makes the same requests")
	}
}
