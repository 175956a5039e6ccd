package schedule

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/slotstorm/slotstorm/scenarios"
)

const second = scenarios.Duration(time.Second)

func load(rate float64, arrival string, p *scenarios.Pattern) *scenarios.Workload {
	return &scenarios.Workload{Rate: scenarios.Rate{PerSecond: rate}, Arrival: arrival, Pattern: p}
}

func all(t *testing.T, o Options) []Batch {
	t.Helper()
	s := New(o)
	var list []Batch
	for {
		b, ok := s.Next()
		if !ok {
			return list
		}
		if n := len(list); n > 0 && b.At < list[n-1].At {
			t.Fatalf("batch %d is due at %v, before the one before it at %v", n, b.At, list[n-1].At)
		}
		list = append(list, b)
		if len(list) > 5_000_000 {
			t.Fatal("the schedule does not end")
		}
	}
}

func float(v float64) *float64 { return &v }

// patterns are rates with their integrals, worked out by hand: requests from the
// start of the load to t.
func patterns() []struct {
	name     string
	workload *scenarios.Workload
	due      func(t float64) float64
} {
	upTo := func(t, from, to float64) float64 { return min(max(t-from, 0), to-from) }
	list := []struct {
		name     string
		workload *scenarios.Workload
		due      func(t float64) float64
	}{
		{"fixed", load(2000, "", nil), func(t float64) float64 { return 2000 * t }},
		{"ramp", load(500, "", &scenarios.Pattern{Ramp: &scenarios.Ramp{To: 4500, Over: 10 * second, At: 2 * second}}), func(t float64) float64 {
			x := upTo(t, 3, 13)
			return 500*upTo(t, 0, 3) + 500*x + 200*x*x + 4500*upTo(t, 13, 99)
		}},
		{"ramp down to nothing", load(500, "", &scenarios.Pattern{Ramp: &scenarios.Ramp{From: float(4000), To: 0, Over: 10 * second}}), func(t float64) float64 {
			x := upTo(t, 1, 11)
			return 500*upTo(t, 0, 1) + 4000*x - 200*x*x
		}},
		{"ramp from nothing", load(500, "", &scenarios.Pattern{Ramp: &scenarios.Ramp{From: float(0), To: 3000, Over: 10 * second}}), func(t float64) float64 {
			x := upTo(t, 1, 11)
			return 500*upTo(t, 0, 1) + 150*x*x + 3000*upTo(t, 11, 99)
		}},
		{"steps with a pause", load(1000, "", &scenarios.Pattern{Steps: []scenarios.RateStep{{At: 2 * second, Rate: 5000}, {At: 5 * second, Rate: 0}, {At: 9 * second, Rate: 2500}}}), func(t float64) float64 {
			return 1000*upTo(t, 0, 3) + 5000*upTo(t, 3, 6) + 2500*upTo(t, 10, 99)
		}},
		{"bursts", load(500, "", &scenarios.Pattern{Bursts: &scenarios.Bursts{Rate: 8000, Length: second / 2, Every: 3 * second}}), func(t float64) float64 {
			sum := 500 * t
			for _, start := range []float64{4, 7, 10, 13} {
				sum += 7500 * upTo(t, start, start+0.5)
			}
			return sum
		}},
	}
	for _, p := range list {
		p.workload.Warmup = second
	}
	return list
}

const length = 15 * time.Second

// Constant arrivals are where the integrated rate is a whole number.
func TestConstantArrivalsFollowThePattern(t *testing.T) {
	for _, p := range patterns() {
		t.Run(p.name, func(t *testing.T) {
			list := all(t, Options{Workload: p.workload, Length: length})
			if want := p.due(length.Seconds()); math.Abs(float64(len(list))-want) > 1 {
				t.Errorf("%d requests are due, want %.1f", len(list), want)
			}
			for i, b := range list {
				if got := p.due(b.At.Seconds()); math.Abs(got-float64(i)) > 0.01 {
					t.Fatalf("request %d is due at %v, where %.3f should be", i, b.At, got)
				}
			}
			due, known := p.workload.Due(3*second, 12*second)
			if want := p.due(12) - p.due(3); !known || math.Abs(due-want) > 1e-6*want {
				t.Errorf("Due from 3 s to 12 s is %f, want %f", due, want)
			}
		})
	}
}

// By the time change, the integrated rate between Poisson arrivals is exponential
// with mean 1, whatever the pattern.
func TestPoissonArrivalsFollowThePattern(t *testing.T) {
	for _, p := range patterns() {
		t.Run(p.name, func(t *testing.T) {
			p.workload.Arrival = "poisson"
			list := all(t, Options{Workload: p.workload, Seed: 42, Length: length})
			want := p.due(length.Seconds())
			if math.Abs(float64(len(list))-want) > 5*math.Sqrt(want) {
				t.Errorf("%d requests are due, want %.0f ± %.0f", len(list), want, 5*math.Sqrt(want))
			}
			gaps := make([]float64, len(list))
			last := 0.0
			for i, b := range list {
				x := p.due(b.At.Seconds())
				gaps[i], last = x-last, x
			}
			// Kolmogorov and Smirnov's distance, against its 99.9 % quantile.
			slices.Sort(gaps)
			n, distance := float64(len(gaps)), 0.0
			for i, g := range gaps {
				f := 1 - math.Exp(-g)
				distance = max(distance, math.Abs(f-float64(i)/n), math.Abs(f-float64(i+1)/n))
			}
			if limit := 1.95 / math.Sqrt(n); distance > limit {
				t.Errorf("distance %.5f from the exponential distribution, more than %.5f", distance, limit)
			}
		})
	}
}

func TestConstantScheduleDoesNotDrift(t *testing.T) {
	s := New(Options{Workload: load(3000, "constant", nil), Seed: 1, Length: time.Hour})
	var b Batch
	for range 3_000_001 {
		b, _ = s.Next()
	}
	if want := 1000 * time.Second; b.At != want || b.First != 3_000_000 {
		t.Errorf("request %d is due at %v, want 3,000,000 at %v", b.First, b.At, want)
	}
}

func TestScheduleEnds(t *testing.T) {
	if n := len(all(t, Options{Workload: load(100, "constant", nil), Length: time.Second})); n != 100 {
		t.Errorf("%d requests are due in a second at 100 per second", n)
	}
}

// The same seed gives the same times, and a shorter run their beginning.
func TestTimesDependOnTheSeedAlone(t *testing.T) {
	for _, p := range patterns() {
		p.workload.Arrival = "poisson"
		long := all(t, Options{Workload: p.workload, Seed: 9, Length: length})
		short := all(t, Options{Workload: p.workload, Seed: 9, Length: length / 2})
		if len(short) == 0 || len(short) >= len(long) || !slices.Equal(short, long[:len(short)]) {
			t.Errorf("%s: a shorter run has other times", p.name)
		}
		other := all(t, Options{Workload: p.workload, Seed: 10, Length: length})
		if slices.Equal(long, other) {
			t.Errorf("%s: another seed gives the same times", p.name)
		}
	}
}

// Pipelines keep the rate: there are fewer of them, and no index stands twice.
func TestPipelinesKeepTheRate(t *testing.T) {
	for _, arrival := range []string{"constant", "poisson"} {
		for _, pipe := range []*scenarios.Pipeline{{Depth: 16}, {Min: 1, Max: 16}} {
			t.Run(fmt.Sprintf("%s %+v", arrival, *pipe), func(t *testing.T) {
				w := load(10_000, arrival, nil)
				w.Pipeline = pipe
				list := all(t, Options{Workload: w, Seed: 5, Length: 20 * time.Second})
				least, most := pipe.Range()
				requests, sizes, next := 0, map[int]int{}, int64(0)
				for _, b := range list {
					if b.First < next {
						t.Fatalf("index %d stands twice", b.First)
					}
					requests, next = requests+b.Count, b.First+int64(b.Count)
					sizes[b.Count]++
				}
				for n := range sizes {
					if n < least || n > most {
						t.Errorf("a pipeline of %d", n)
					}
				}
				if len(sizes) != most-least+1 {
					t.Errorf("%d sizes are drawn", len(sizes))
				}
				// Five standard deviations of a compound Poisson process.
				if slack := 5 * math.Sqrt(200_000*float64(most)); math.Abs(float64(requests)-200_000) > slack {
					t.Errorf("%d requests in 20 s at 10,000 per second, want ± %.0f", requests, slack)
				}
			})
		}
	}
}

func TestReplay(t *testing.T) {
	w := load(10, "constant", &scenarios.Pattern{Replay: &scenarios.Replay{File: "x"}})
	w.Warmup = second
	times := []time.Duration{0, 500 * time.Millisecond, 500 * time.Millisecond, 3 * time.Second, 30 * time.Second}
	list := all(t, Options{Workload: w, Length: 10 * time.Second, Times: times})
	if len(list) != 14 {
		t.Fatalf("%d requests, want 10 of the warm-up and 4 of the file", len(list))
	}
	for i, b := range list {
		want := time.Duration(i) * 100 * time.Millisecond
		if i >= 10 {
			want = time.Second + times[i-10]
		}
		if b.At != want || b.First != int64(i) {
			t.Errorf("request %d is due at %v, want %v", b.First, b.At, want)
		}
	}
	if _, known := w.Due(0, 2*second); known {
		t.Error("the rate of a replay is known without its file")
	}
}

func BenchmarkNext(b *testing.B) {
	for _, arrival := range []string{"constant", "poisson"} {
		for _, p := range patterns()[:2] {
			b.Run(arrival+"/"+p.name, func(b *testing.B) {
				p.workload.Arrival = arrival
				s := New(Options{Workload: p.workload, Length: 1 << 62})
				b.ReportAllocs()
				for b.Loop() {
					s.Next()
				}
			})
		}
	}
}
