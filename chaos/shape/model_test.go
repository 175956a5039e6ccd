package shape

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Each distribution is drawn on seeds, with and without correlation, and compared with
// its own function by the test of Kolmogorov and Smirnov.
func TestLatenciesHaveTheirDistribution(t *testing.T) {
	const latency, jitter, n = 20 * time.Millisecond, 4 * time.Millisecond, 20000
	functions := map[Distribution]func(x float64) float64{
		Uniform: func(x float64) float64 { return min(1, max(0, (x+1)/2)) },
		Normal:  func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 },
		Pareto: func(x float64) float64 {
			return 1 - math.Pow(max(1, 1.5+x*math.Sqrt(0.75)), -3)
		},
	}
	for d, f := range functions {
		for seed := range uint64(5) {
			draw := newLatencies(Link{Latency: latency, Jitter: jitter, Distribution: d}, rand.New(rand.NewPCG(seed, 0)))
			list := make([]float64, n)
			for i := range list {
				list[i] = float64(draw.next()-latency) / float64(jitter)
			}
			// The critical value of the share 0.001. Source: Smirnov (1948),
			// sqrt(-ln(0.001/2)/2).
			if got, most := distance(list, f), 1.95/math.Sqrt(n); got > most {
				t.Errorf("%s, seed %d: the distance is %.4f, above %.4f", d, seed, got, most)
			}
		}
	}
}

// distance is the statistic of Kolmogorov and Smirnov.
func distance(list []float64, f func(float64) float64) (most float64) {
	slices.Sort(list)
	n := float64(len(list))
	for i, x := range list {
		most = max(most, f(x)-float64(i)/n, float64(i+1)/n-f(x))
	}
	return most
}

func TestOtherDistributionsAreFarAway(t *testing.T) {
	draw := newLatencies(Link{Latency: time.Second, Jitter: time.Millisecond, Distribution: Pareto}, rand.New(rand.NewPCG(1, 0)))
	list := make([]float64, 1000)
	for i := range list {
		list[i] = float64(draw.next()-time.Second) / float64(time.Millisecond)
	}
	if d := distance(list, func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }); d < 0.1 {
		t.Errorf("a Pareto distribution passes for a normal one: %.3f", d)
	}
}

func TestCorrelationOfLatencies(t *testing.T) {
	for _, want := range []float64{0, 0.5, 0.9} {
		draw := newLatencies(Link{Latency: time.Second, Jitter: time.Millisecond, Distribution: Normal, Correlation: want}, rand.New(rand.NewPCG(7, 0)))
		var sum, squares float64
		last := float64(draw.next() - time.Second)
		const n = 50000
		for range n {
			x := float64(draw.next() - time.Second)
			sum, squares, last = sum+x*last, squares+x*x, x
		}
		if got := sum / squares; math.Abs(got-want) > 0.03 {
			t.Errorf("the correlation is %.3f, and %.1f was asked for", got, want)
		}
	}
}

// The share of loss lies within a 99 % interval on each seed but for chance: of 20 seeds
// at most two are outside. The mean length of bursts is within 10 %.
func TestLossesHaveTheirShareAndBursts(t *testing.T) {
	const n = 200000
	for _, link := range []Link{{Loss: 0.001}, {Loss: 0.01}, {Loss: 0.1}, {Loss: 1}, {Loss: 0.05, Burst: 5}, {Loss: 0.01, Burst: 20}, {Loss: 0.5, Burst: 1}} {
		outside := 0
		var lost, bursts float64
		for seed := range uint64(20) {
			s := newLosses(link.Loss, link.Burst, rand.New(rand.NewPCG(seed, 0)))
			here, losing := 0.0, false
			for range n {
				now := s.next()
				if now {
					here++
				}
				if now && !losing {
					bursts++
				}
				losing = now
			}
			lost += here
			inflation := 1.0
			if link.Burst > 0 {
				r := 1 - 1/link.Burst - link.Loss/(1-link.Loss)/link.Burst
				inflation = (1 + r) / (1 - r)
			}
			if math.Abs(here-link.Loss*n) > 2.576*math.Sqrt(n*link.Loss*(1-link.Loss)*inflation)+1 {
				outside++
			}
		}
		if outside > 2 {
			t.Errorf("%+v: %d of 20 seeds are outside of the interval", link, outside)
		}
		want := link.Burst
		if want == 0 {
			want = 1 / (1 - link.Loss)
		}
		if got := lost / bursts; link.Loss < 1 && math.Abs(got/want-1) > 0.1 {
			t.Errorf("%+v: %.2f packets are lost in a row, and %.2f should be", link, got, want)
		}
	}
}

func TestMostLossOfBursts(t *testing.T) {
	if err := (Link{Loss: 0.51, Burst: 1}).check(); err == nil {
		t.Error("more than every second packet is lost, one at a time")
	}
	if err := (Link{Loss: 0.5, Burst: 1}).check(); err != nil {
		t.Error(err)
	}
}

// The same seed decides the same; the two directions of one seed differ.
func TestDecisionsFollowFromTheSeed(t *testing.T) {
	link := Link{Latency: time.Millisecond, Jitter: time.Millisecond, Distribution: Uniform, Loss: 0.2, Reorder: 0.1, Behind: time.Millisecond}
	fates := func(seed, direction uint64) (list []fate) {
		l := newLine(link, seed, direction)
		for i := range 100 {
			list = append(list, l.pass(time.Unix(0, 0).Add(time.Duration(i)*time.Millisecond), packet{bytes: 100, flow: uint32(i % 3)}))
		}
		return list
	}
	if !slices.Equal(fates(1, 0), fates(1, 0)) {
		t.Error("one seed decides in two ways")
	}
	if slices.Equal(fates(1, 0), fates(1, 1)) || slices.Equal(fates(1, 0), fates(2, 0)) {
		t.Error("another seed or direction decides the same")
	}
}
