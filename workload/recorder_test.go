package workload

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/slotstorm/slotstorm/internal/deep"
	"github.com/slotstorm/slotstorm/results"
	"github.com/slotstorm/slotstorm/workload/random"
)

type given struct {
	frame results.Frame
	p100  map[string]int64
}

func collectAll(t *testing.T, r *recorder, due int, all bool) []given {
	t.Helper()
	var list []given
	err := r.collect(due, all, func(f results.Frame, h map[string]*hdrhistogram.Histogram) error {
		g := given{f, map[string]int64{}}
		for tag, h := range h {
			g.p100[tag] = h.Max()
		}
		list = append(list, g)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRecorderKeepsASecondOpenUntilItsRequestsEnd(t *testing.T) {
	r := newRecorder(0, []string{"GET", "SET"}, 1)
	const s = time.Second
	r.begin(100*time.Millisecond, 0, 10)
	r.begin(900*time.Millisecond, 1, 10)
	r.begin(s+100*time.Millisecond, 0, 10)
	r.end(0, 0, 100*time.Millisecond, 101*time.Millisecond, 103*time.Millisecond, results.OK, "", []string{"MOVED", "dial"})
	r.end(0, 0, s+100*time.Millisecond, s+100*time.Millisecond, s+105*time.Millisecond, results.Failed, "dial", nil)
	if got := collectAll(t, r, 2, false); len(got) != 0 {
		t.Fatalf("%d frames were given while a request of the first second was under way", len(got))
	}
	// It ends three seconds late, and is still a request of its second.
	r.end(1, 0, 900*time.Millisecond, 900*time.Millisecond, 3*s+900*time.Millisecond, results.OK, "", nil)
	got := collectAll(t, r, 2, false)
	if len(got) != 2 {
		t.Fatalf("%d frames, want 2", len(got))
	}
	want := results.Frame{Seq: 0, Commands: map[string]results.Counts{"GET": {OK: 1}, "SET": {OK: 1}}, Retried: map[string]int{"MOVED": 1, "dial": 1}, Completed: 1, InFlightMax: 2}
	if diff := deep.Diff(want, got[0].frame); diff != "" {
		t.Error(diff)
	}
	if v := got[0].p100["response/SET"]; v < 2_990_000 || v > 3_010_000 {
		t.Errorf("response time of the late SET is %d µs, want 3 s within a histogram's precision", v)
	}
	if v := got[0].p100["slip/GET"]; v != 1000 {
		t.Errorf("slip of the GET is %d µs, want 1000", v)
	}
	want = results.Frame{Seq: 1, Commands: map[string]results.Counts{"GET": {Failed: 1}, "SET": {}}, Errors: map[string]int{"dial": 1}, InFlightMax: 3}
	if diff := deep.Diff(want, got[1].frame); diff != "" {
		t.Error(diff)
	}
	if len(got[1].p100) != 0 {
		t.Errorf("a failed request has times: %v", got[1].p100)
	}
}

func TestRecorderCountsOverflow(t *testing.T) {
	r := newRecorder(0, []string{"GET"}, 1)
	if !r.begin(0, 0, 1) || r.begin(1, 0, 1) {
		t.Fatal("the limit of one request in flight does not hold")
	}
	got := collectAll(t, r, 1, true)
	want := map[string]results.Counts{"GET": {Overflow: 1}}
	if diff := deep.Diff(want, got[0].frame.Commands); diff != "" {
		t.Error(diff)
	}
}

func TestMergedGeneratorsEqualOne(t *testing.T) {
	one := newRecorder(0, []string{"GET"}, 1)
	four := []*recorder{newRecorder(0, []string{"GET"}, 1), newRecorder(1, []string{"GET"}, 1), newRecorder(2, []string{"GET"}, 1), newRecorder(3, []string{"GET"}, 1)}
	for i := range int64(10_000) {
		d := random.For(3, i)
		intended := time.Duration(d.Float() * float64(time.Second))
		took := time.Duration(d.Exponential() * float64(5*time.Millisecond))
		for _, r := range []*recorder{one, four[i%4]} {
			r.begin(intended, 0, 1<<20)
			r.end(0, 0, intended, intended, intended+took, results.OK, "", nil)
		}
	}
	merged := hdrhistogram.New(results.HistogramMin, results.HistogramMax, results.HistogramDigits)
	for _, r := range four {
		if err := r.collect(1, true, func(_ results.Frame, h map[string]*hdrhistogram.Histogram) error {
			merged.Merge(h["response/GET"])
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.collect(1, true, func(_ results.Frame, h map[string]*hdrhistogram.Histogram) error {
		if !merged.Equals(h["response/GET"]) {
			t.Error("four generators' histograms, merged, differ from one generator's")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
