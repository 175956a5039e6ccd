package wire

import (
	"math/rand/v2"
	"testing"
)

// A Histogram is an HdrHistogram in other clothes: the same values give equal
// counts in every bucket, merged or not.
func TestHistogramEqualsHDR(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	want := NewHDR()
	var a, b Histogram
	add := func(us int64) {
		if err := want.RecordValue(min(us, MaxMicros)); err != nil {
			t.Fatal(err)
		}
		if random.IntN(2) == 0 {
			a.record(us * 1000)
		} else {
			b.record(us*1000 + 499)
		}
	}
	for _, us := range []int64{0, 1, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, MaxMicros - 1, MaxMicros, MaxMicros + 1, 1 << 40} {
		add(us)
	}
	for range 100_000 {
		add(random.Int64N(int64(1) << random.IntN(30)))
	}
	a.merge(&b)
	got := NewHDR()
	a.AddTo(got)
	if !got.Equals(want) || int64(a.Total()) != want.TotalCount() {
		t.Fatalf("%d values, want %d; or other buckets", a.Total(), want.TotalCount())
	}
	a.reset()
	a.record(-5000)
	got.Reset()
	a.AddTo(got)
	if got.TotalCount() != 1 || got.Max() != 0 {
		t.Fatalf("after reset: %d values, highest %d", got.TotalCount(), got.Max())
	}
}

func BenchmarkRecord(b *testing.B) {
	var h Histogram
	x := uint64(1)
	for b.Loop() {
		x = x*6364136223846793005 + 1442695040888963407
		h.record(int64(x >> 44))
	}
}

func BenchmarkRecordHDR(b *testing.B) {
	h := NewHDR()
	x := uint64(1)
	for b.Loop() {
		x = x*6364136223846793005 + 1442695040888963407
		_ = h.RecordValue(int64(x>>44) / 1000)
	}
}
