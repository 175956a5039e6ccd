package stream

import (
	"bytes"
	"compress/flate"
	"math"
	"slices"
	"testing"

	"github.com/slotstorm/slotstorm/scenarios"
	"github.com/slotstorm/slotstorm/workload/random"
)

func sizes(v *scenarios.Values, n int) []float64 {
	s := newValues(v)
	list := make([]float64, n)
	for i := range list {
		d := random.For(seed, int64(i))
		list[i] = float64(s.draw(&d))
	}
	return list
}

func TestSizesFollowTheirDistribution(t *testing.T) {
	const draws = 200_000
	t.Run("fixed", func(t *testing.T) {
		for _, n := range sizes(&scenarios.Values{Size: 100}, 100) {
			if n != 100 {
				t.Fatalf("size %v", n)
			}
		}
	})
	t.Run("range", func(t *testing.T) {
		seen, want := make([]float64, 41), make([]float64, 41)
		for _, n := range sizes(&scenarios.Values{Range: &scenarios.SizeRange{Min: 10, Max: 50}}, draws) {
			seen[int(n)-10]++
		}
		for i := range want {
			want[i] = 1.0 / 41
		}
		fits(t, seen, want)
	})
	t.Run("weighted", func(t *testing.T) {
		seen := make([]float64, 3)
		for _, n := range sizes(&scenarios.Values{Sizes: []scenarios.WeightedSize{{Size: 0, Weight: 1}, {Size: 1, Weight: 2}, {Size: 2, Weight: 7}}}, draws) {
			seen[int(n)]++
		}
		fits(t, seen, []float64{0.1, 0.2, 0.7})
	})
	t.Run("log-normal", func(t *testing.T) {
		l := scenarios.LogNormal{Median: 50_000, Sigma: 1.5, Min: 1000, Max: 1_000_000}
		list := sizes(&scenarios.Values{LogNormal: &l}, draws)
		slices.Sort(list)
		if list[0] != 1000 || list[len(list)-1] != 1_000_000 {
			t.Errorf("sizes from %v to %v, want them cut to 1000 and 1000000", list[0], list[len(list)-1])
		}
		// Kolmogorov and Smirnov's distance between the bounds; rounding to
		// whole bytes is beside what it can see.
		distance := 0.0
		for i, n := range list {
			if n > 1000 && n < 1_000_000 {
				f := math.Erfc(-math.Log(n/l.Median)/l.Sigma/math.Sqrt2) / 2
				distance = max(distance, math.Abs(f-float64(i+1)/draws))
			}
		}
		if limit := 1.95 / math.Sqrt(draws); distance > limit {
			t.Errorf("distance %.5f from the log-normal distribution, more than %.5f", distance, limit)
		}
	})
}

// A compressor gets rid of the share that it should, and of no more.
func TestCompressibility(t *testing.T) {
	for _, share := range []float64{0, 0.25, 0.5, 0.9, 1} {
		v := newValues(&scenarios.Values{Compressible: share})
		d := random.For(seed, 1)
		const n = 100_003
		value := v.appendContent(nil, n, &d)
		if len(value) != n {
			t.Fatalf("%d bytes, want %d", len(value), n)
		}
		var out bytes.Buffer
		w, err := flate.NewWriter(&out, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(value); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := 1 - float64(out.Len())/n; math.Abs(got-share) > 0.01 {
			t.Errorf("compressible %v: %.3f of it went away", share, got)
		}
	}
}

func BenchmarkValue(b *testing.B) {
	for name, v := range map[string]scenarios.Values{"64": {Size: 64}, "log-normal": {LogNormal: &scenarios.LogNormal{Median: 64, Sigma: 1, Max: 1000}}} {
		b.Run(name, func(b *testing.B) {
			s := newValues(&v)
			var buf []byte
			b.ReportAllocs()
			i := int64(0)
			for b.Loop() {
				d := random.For(seed, i)
				buf = s.appendContent(buf[:0], s.draw(&d), &d)
				i++
			}
		})
	}
}
