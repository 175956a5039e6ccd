package facts

import (
	"math"
	"testing"

	"github.com/slotstorm/slotstorm/report/internal/fixture"
	"github.com/slotstorm/slotstorm/results"
)

// recorded is a histogram of n values each.
func recorded(t *testing.T, values ...int64) results.Interval {
	t.Helper()
	h := results.NewHistogram()
	for _, v := range values {
		if err := h.RecordValue(v); err != nil {
			t.Fatal(err)
		}
	}
	return results.Interval{Time: results.Response, Command: "GET", Histogram: h}
}

// TestLatencyMerges merges two seconds of which one has all slow replies: an
// average of their percentiles would be 505 ms, the truth is 1 s.
func TestLatencyMerges(t *testing.T) {
	b := fixture.Quiet()
	b.Intervals = nil
	for s, values := range map[int][]int64{
		0: {9_000_000}, // warm-up
		3: {10_000, 10_000, 10_000, 10_000},
		4: {1_000_000, 1_000_000},
		// The second phase.
		13: {20_000, 20_000},
		38: {9_000_000}, // after the timeline
	} {
		i := recorded(t, values...)
		i.Second = s
		b.Intervals = append(b.Intervals, i)
	}
	s := summary(t, b)
	near := func(got results.Duration, want float64) bool { return math.Abs(float64(got)/1e6-want) <= want/500 }
	for _, tt := range []struct {
		phase         string
		count         int64
		p50, p99, max float64
		mean          float64
	}{
		{"steady", 6, 10, 1000, 1000, 340},
		{"failure", 2, 20, 20, 20, 20},
		{results.All, 8, 10, 1000, 1000, 260},
	} {
		for _, command := range []string{"GET", results.All} {
			r := s.LatencyOf(tt.phase, command, results.Response)
			if r == nil {
				t.Fatalf("no row for %s %s", tt.phase, command)
			}
			if r.Count != tt.count || !near(r.P50, tt.p50) || !near(r.P99, tt.p99) || !near(r.Max, tt.max) || !near(r.Mean, tt.mean) {
				t.Errorf("%s %s: %+v", tt.phase, command, *r)
			}
		}
	}
	if r := s.LatencyOf("recovered", results.All, results.Response); r != nil {
		t.Errorf("a phase without a reply has the row %+v", *r)
	}
	if r := s.LatencyOf("steady", "SET", results.Response); r != nil {
		t.Errorf("a command without a reply has the row %+v", *r)
	}
}

func TestLoad(t *testing.T) {
	s := summary(t, fixture.Killed())
	for _, tt := range []struct {
		phase, command string
		counts         results.Counts
		seconds        float64
		throughput     float64
	}{
		{"steady", "GET", results.Counts{OK: 8000, Hits: 8000}, 10, 800},
		{"steady", results.All, results.Counts{OK: 10000, Hits: 8000}, 10, 1000},
		{"failure", "GET", results.Counts{OK: 10400, Failed: 1600, Hits: 10400}, 15, 10400.0 / 15},
		{"failure", results.All, results.Counts{OK: 13000, Failed: 1990, Unknown: 10, Hits: 10400}, 15, 13000.0 / 15},
		{results.All, results.All, results.Counts{OK: 33000, Failed: 1990, Unknown: 10, Hits: 26400}, 35, 33000.0 / 35},
	} {
		l := s.LoadOf(tt.phase, tt.command)
		if l == nil || l.Counts != tt.counts || l.Seconds != tt.seconds || l.Throughput != tt.throughput {
			t.Errorf("%s %s: %+v", tt.phase, tt.command, l)
		}
	}
	e := s.LoadOf("failure", results.All).Errors
	if e["timeout"] != 10 || e["dial"] != 1144 || e["CLUSTERDOWN"] != 846 {
		t.Errorf("errors %v", e)
	}
	if e := s.LoadOf("failure", "GET").Errors; e != nil {
		t.Errorf("errors in the row of a command: %v", e)
	}
}

// TestGenerators adds the frames of two generators.
func TestGenerators(t *testing.T) {
	b := fixture.Quiet()
	for _, f := range b.Frames {
		f.Generator = 1
		b.Frames = append(b.Frames, f)
	}
	if l := summary(t, b).LoadOf("steady", results.All); l.Counts.OK != 20000 || l.Throughput != 2000 {
		t.Errorf("two generators: %+v", l)
	}
}
